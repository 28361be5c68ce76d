/** Ready-made inputs for targets: a door of their own, since the command line prints them too. */
export { inputTemplates } from "./input-templates.ts";
