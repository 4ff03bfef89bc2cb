/** Looks for what keeps people with a screen reader, a keyboard or weak eyes from using a page. */
import axe from "axe-core";
import type { Page } from "playwright-core";

declare global {
  interface Window {
    axe: typeof axe;
  }
}

/** What axe-core finds on the page as it is now, in the light and in the dark theme; one line for each fault. */
export async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(`${axe.source}; undefined`);
  const faults: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    // A colour on its way from one state to the next would be judged as well.
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    // Only the colours differ between the themes.
    const found = await page.evaluate(
      async (rules) => {
        const { violations } = await window.axe.run(document, rules ? { runOnly: rules } : {});
        return violations.flatMap(({ id, nodes }) =>
          nodes.map(({ html, failureSummary }) => ({ id, html, failureSummary })),
        );
      },
      colorScheme === "dark" ? ["color-contrast"] : undefined,
    );
    faults.push(...found.map(({ id, html, failureSummary }) => `${colorScheme}: ${id}: ${html}\n${failureSummary}`));
  }
  return faults;
}

/** The test ids of what gets the focus, in the order of the Tab key, until it comes round or `most` steps are done. */
export async function tabStops(page: Page, most: number): Promise<string[]> {
  const stops: string[] = [];
  for (let step = 0; step < most; step += 1) {
    await page.keyboard.press("Tab");
    const id = await page.evaluate(() => {
      const element = document.activeElement;
      return element instanceof HTMLElement ? (element.dataset["testid"] ?? element.tagName) : "";
    });
    stops.push(id);
  }
  return stops;
}
