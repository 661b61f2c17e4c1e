import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Null when a Chromium can be started here, otherwise the reason why not: suites skip themselves by it. */
export function chromiumAvailable(): string | null {
  return places.some((place) => existsSync(place))
    ? null
    : 'Chromium is not installed (Debian: apt-get install chromium)';
}

/** The system's Chromium, told to speak to nobody but the page under test. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = places.find((place) => existsSync(place));
  if (!executablePath) throw new Error(chromiumAvailable() ?? 'Chromium is not installed');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
