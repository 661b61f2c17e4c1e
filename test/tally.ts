type Assertion = { readonly status: string; readonly ancestorTitles: readonly string[]; readonly title: string };
type TestFile = { readonly name: string; readonly status: string; readonly assertionResults: readonly Assertion[] };

/** What vitest's JSON reporter writes, and whether vitest itself was content. */
export type Report = { readonly testResults: readonly TestFile[]; readonly green: boolean };

export type Tally = {
  readonly passed: number;
  readonly failed: number;
  /** One line a failure, in words. */
  readonly failures: readonly string[];
  /** One line a suite that was left out, with the number of its tests. */
  readonly skipped: readonly string[];
};

const nameOf = (file: string, assertion: Assertion): string =>
  [file, ...assertion.ancestorTitles, assertion.title].join(' › ');

/**
 * Counts a report so that nothing can fail unseen: a file that could not be loaded has no tests and is one failure, and so is a run
 * that is not content with green tests (an unhandled error) or that left no report.
 */
export function tally(report: Report | null, shorten: (path: string) => string): Tally {
  if (!report) return { passed: 0, failed: 1, failures: ['the test run left no report'], skipped: [] };
  let passed = 0;
  const failures: string[] = [];
  const skipped = new Map<string, number>();
  for (const { name, status, assertionResults } of report.testResults) {
    const file = shorten(name);
    const failuresBefore = failures.length;
    for (const assertion of assertionResults) {
      if (assertion.status === 'passed') passed += 1;
      else if (assertion.status === 'failed') failures.push(nameOf(file, assertion));
      else {
        const suite = [file, assertion.ancestorTitles[0] ?? assertion.title].join(' › ');
        skipped.set(suite, (skipped.get(suite) ?? 0) + 1);
      }
    }
    if (status === 'failed' && failures.length === failuresBefore) failures.push(`${file} (outside its tests)`);
  }
  if (!report.green && failures.length === 0) failures.push('the test run itself (an error outside every test)');
  if (report.testResults.length === 0) failures.push('no test was found');
  return {
    passed,
    failed: failures.length,
    failures,
    skipped: [...skipped].map(([suite, tests]) => `skipped: ${suite} (${tests})`),
  };
}
