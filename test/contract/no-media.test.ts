import { NoMedia } from "../../src/media/no-media.js";
import { mediaPlaneContract } from "./media-plane-contract.js";

mediaPlaneContract("no media", () => Promise.resolve(new NoMedia()));
