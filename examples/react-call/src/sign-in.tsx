import { useState, type ReactNode } from "react";
import { identityOf, type Identity } from "./identity.js";

export function SignIn({ onName }: { onName: (identity: Identity) => void }): ReactNode {
  const [name, setName] = useState("");
  return (
    <form
      className="card card-narrow"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim()) onName(identityOf(name));
      }}
    >
      <h1>Who are you?</h1>
      <p className="soft">The others see this name, and can call you by it.</p>
      <label>
        Your name
        <input
          value={name}
          onChange={(event) => setName(event.target.value)}
          placeholder="Ada Lovelace"
          maxLength={60}
          autoComplete="name"
          autoFocus
          required
        />
      </label>
      <button className="primary" type="submit">
        Continue
      </button>
    </form>
  );
}
