import { MemoryDirectory } from "../../src/memory/memory-directory.js";
import { directoryContract } from "./directory-contract.js";

directoryContract("memory", () => new MemoryDirectory());
