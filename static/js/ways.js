// [data-ways]: the ways in which one touch can be made, each in a panel [data-way="name"]. The best
// one for this browser is shown, the others are a button away ([data-use="name"]).
import { mayClaim } from "./claim.js";
import { unsupported } from "./support.js";

// Best first. A panel whose way is not listed stays hidden; a way without a panel is passed over.
// docs/ways.md says what it takes to add one.
const WAYS = [
  { name: "page", works: () => true }, // where it does not, its form says what to do (support.js)
  { name: "managed", works: (region) => !unsupported() && mayClaim(region.dataset.origin) },
  { name: "agent", works: () => true },
];

const panel = (region, name) => region.querySelector(`[data-way="${name}"]`);

/** Show one panel only. */
function use(region, name) {
  for (const one of region.querySelectorAll("[data-way]")) one.hidden = one.dataset.way !== name;
}

/** Show the sentences that hold for what was found out about this browser. */
function tell(region, found) {
  for (const one of region.querySelectorAll("[data-when]")) one.hidden = one.dataset.when !== found;
}

function attach(region) {
  const best = WAYS.find(({ name, works }) => panel(region, name) && works(region))?.name;
  tell(region, best);
  use(region, region.dataset.chosen || best);
  region.addEventListener("click", ({ target }) => {
    const button = target instanceof Element && target.closest("[data-use]");
    if (!button) return;
    use(region, button.dataset.use);
    panel(region, button.dataset.use).querySelector("h2").focus();
  });
  region.addEventListener("way-refused", () => {
    tell(region, "refused");
    use(region, "agent");
    panel(region, "agent").querySelector("h2").focus();
  });
}

document.querySelectorAll("[data-ways]").forEach(attach);
