"""What others wrote and pages hold, unchanged, with its licence.

`elk.bundled.js` is the file `lib/elk.bundled.js` of elkjs 0.12.1 as npm has it
(https://registry.npmjs.org/elkjs/-/elkjs-0.12.1.tgz), by the KIELER group of Kiel University and
others, under EPL-2.0 or GPL-3.0-or-later; taken under EPL-2.0, `elkjs-LICENSE.md`. Its source is
https://github.com/kieler/elkjs/tree/0.12.1.
"""

ELK = "elk.bundled.js"
ELK_VERSION = "0.12.1"
ELK_SHA256 = "b1032b7cfd2a57c54c6f0e8369d7665e19a579954f7cd20a6dae28f1912ea0d7"
"""Of the file as it came; a test compares."""
