// A reporter for Node's tests: what failed and why, and one line on all.

export default async function* quiet(events) {
  let [passed, failed] = [0, 0];
  for await (const { type, data } of events) {
    if (type === "test:pass") passed += 1;
    if (type !== "test:fail") continue;
    failed += 1;
    const { cause } = data.details.error;
    yield `failed: ${data.name} (${data.file}:${data.line})\n${cause?.stack ?? cause ?? data.details.error.message}\n`;
  }
  yield `${passed} tests passed, ${failed} failed\n`;
}
