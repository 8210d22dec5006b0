// The one script of every page. Each module finds its elements by data-* attributes.
import "./autofill.js";
import "./ceremony.js";
import "./complete.js";
import "./copy.js";
import "./counts.js";
import "./disclose.js";
import "./enter.js";
import "./focus.js";
import "./offer.js";
import "./poll.js";
import "./preview.js";
import "./print.js";
import "./read-file.js";
import "./signal.js";
import "./system.js";
import "./time.js";
import "./ways.js";
