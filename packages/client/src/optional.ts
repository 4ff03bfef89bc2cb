/**
 * Uses a feature that the browser may not have, or that throws because of the user's settings. Such a feature never stops the
 * client.
 *
 * @returns `otherwise` when the feature is missing or throws
 */
export function optional<T, O = undefined>(use: () => T, otherwise?: O): T | O {
  try {
    return use();
  } catch {
    return otherwise as O;
  }
}
