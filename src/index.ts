import { run } from './run.ts'

// Not awaited: a top-level await needs an ECMAScript module, which Node.js loads more slowly than CommonJS.
void run(process)
