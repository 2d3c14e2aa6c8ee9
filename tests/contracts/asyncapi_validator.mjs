// Validates each AsyncAPI document named on the command line with AsyncAPI's own parser; one line of JSON a document.
import { fromFile, Parser } from '@asyncapi/parser';

const ERROR = 0;
const parser = new Parser();
for (const path of process.argv.slice(2)) {
  const { document, diagnostics } = await fromFile(parser, path).parse();
  const faults = diagnostics.filter(({ severity }) => severity === ERROR).map(({ message }) => message);
  console.log(JSON.stringify({
    faults,
    channels: document?.channels().length,
    operations: document?.operations().length,
  }));
}
