// Preloaded into a server: adds to its clock the milliseconds that stand in a file, which the test changes.
import { readFileSync } from "node:fs";

const file = process.env.OPENTRAIL_TEST_CLOCK;
const realNow = Date.now;
Date.now = () => realNow() + Number(readFileSync(file, "utf8"));
