// Buttons that copy a text.

const SAID_MS = 2000;

/** Copy, and say so on the button for a moment; otherwise where the text is to be found. */
export async function copied(button: HTMLElement, text: string, elsewhere: string): Promise<void> {
  const words = button.dataset.words ?? (button.dataset.words = button.textContent ?? "");
  button.style.minWidth = `${button.getBoundingClientRect().width}px`; // so that what stands beside it stays where it is
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = elsewhere; // clipboards are closed to pages without TLS
  }
  setTimeout(() => (button.textContent = words), SAID_MS);
}
