/** The kinds of settings, and what is said of a setting beside its value. */
import Type from "typebox";

/**
 * `bearer`: clients send it in a header. `signing`: it signs what others check. `url`: an address with a password in it.
 * `password`: another service asks for it, and that service's operator has chosen it.
 */
export type SecretKind = "bearer" | "signing" | "url" | "password";

/** What the schema of a setting says beside its type. */
export interface SettingNotes {
  /** What it is for, in Markdown. */
  description: string;
  /** What happens while it is not set; for optional settings only. */
  unset?: string;
  /** Nobody may read the value: it is not logged and not repeated in messages. It may also be given as `NAME_FILE`. */
  secret?: SecretKind;
  /** What the pattern allows, in words; part of the message when a value is refused. */
  forms?: string;
  unit?: "ms";
}

export const Port = (description: string) => Type.Integer({ minimum: 0, maximum: 65535, description });
export const Ms = (minimum: number, description: string) =>
  Type.Integer({ minimum, maximum: 86_400_000, unit: "ms", description });
export const Count = (description: string) => Type.Integer({ minimum: 1, maximum: 1_000_000, description });
export const Text = (description: string, notes: Partial<SettingNotes> = {}) =>
  Type.String({ minLength: 1, description, ...notes });
export const Form = (pattern: string, notes: SettingNotes) => Type.String({ pattern, ...notes });
export const WebUrl = (notes: SettingNotes) => Form("^https?://.+", { forms: "an http:// or https:// URL", ...notes });
export const Bearer = (notes: SettingNotes) => Type.String({ minLength: 16, secret: "bearer", ...notes });
export const Password = (notes: SettingNotes) => Type.String({ minLength: 1, secret: "password", ...notes });
export const File = (description: string, unset: string) =>
  Text(`${description} The service reads the file again for every new connection.`, { unset, forms: "a path" });
export const SigningKey = (notes: SettingNotes) => Type.String({ minLength: 32, secret: "signing", ...notes });
