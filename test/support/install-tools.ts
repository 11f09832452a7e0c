/** Before the tests: installs the programs that they need, where that is allowed; otherwise says what is missing. */
import { installMissing } from './install.ts';
import { PACKAGES } from './tools.ts';

const command = installMissing(PACKAGES, 'the tests');
if (command !== null) {
  process.stderr.write(`Some tests will be skipped. They need: ${command}\n`);
  if (process.env['CI'] === 'true') process.exitCode = 1;
}
