// The key of a server that answers nobody without one. It is kept until the tab is closed.

const NAME = "cocite-key";
let key = stored();

export function keyOf(): string {
  return key;
}

export function useKey(given: string): void {
  key = given.trim();
  try {
    sessionStorage.setItem(NAME, key);
  } catch {
    // storage is switched off: the key lasts as long as the page
  }
}

function stored(): string {
  try {
    return sessionStorage.getItem(NAME) ?? "";
  } catch {
    return "";
  }
}
