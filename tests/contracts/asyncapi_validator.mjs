// Validates the AsyncAPI document named on the command line with AsyncAPI's own parser; prints one problem a line.
import { fromFile, Parser } from '@asyncapi/parser';

const ERROR = 0;
const { document, diagnostics } = await fromFile(new Parser(), process.argv[2]).parse();
for (const { severity, code, path, message } of diagnostics) {
  if (severity === ERROR) console.log(`${code} ${path.join('/')}: ${message}`);
}
if (document) console.log(`channels ${document.channels().length} operations ${document.operations().length}`);
