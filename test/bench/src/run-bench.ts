/** The process of one bench: `main.ts` starts it and takes the figures. */
import { BENCHES } from "./names.ts";

const { bench } = await BENCHES[process.argv[2] ?? ""]!();
const figures = await bench.run();
process.send!({ about: bench.about, figures }, () => process.exit(0));
