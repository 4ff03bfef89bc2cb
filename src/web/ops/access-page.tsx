/** What the page shows instead of data: the question for the token, or why there is nothing to see. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** @param tryToken answers what is wrong with the token, or undefined when the service took it */
export function SignIn(props: { problem: string; tryToken: (token: string) => Promise<string | undefined> }) {
  const input = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState(props.problem);
  const [busy, setBusy] = useState(false);
  useLayoutEffect(() => input.current?.focus(), []);

  const attempt = async (): Promise<void> => {
    setBusy(true);
    setProblem("");
    const wrong = await props.tryToken(input.current?.value.trim() ?? "");
    if (wrong === undefined) return;
    setBusy(false);
    setProblem(wrong);
    input.current?.select();
  };

  return (
    <Notice
      title="Who is really here?"
      text="This page shows nothing without the service's ADMIN_TOKEN. The token is kept until this tab is closed."
    >
      <form
        class="access-form"
        onSubmit={(event) => {
          event.preventDefault();
          void attempt();
        }}
      >
        <label>
          <span>Admin token</span>
          <input
            ref={input}
            type="password"
            name="token"
            autocomplete="current-password"
            required
            data-testid="token"
          />
        </label>
        <p class="problem" role="alert" data-testid="token-problem">
          {problem}
        </p>
        <button class="primary" data-testid="sign-in" disabled={busy}>
          Sign in
        </button>
      </form>
    </Notice>
  );
}

export function Notice({ title, text, children }: { title: string; text: string; children?: ComponentChildren }) {
  return (
    <main class="access" data-testid="access-page">
      <div class="card">
        <span class="brand">
          <img src="icon.svg" alt="" />
          Lastseen operators
        </span>
        <h1>{title}</h1>
        <p class="lead">{text}</p>
        {children}
      </div>
    </main>
  );
}
