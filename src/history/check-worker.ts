/** Looks through the whole file, which may take a while, in a thread of its own. Tells what is wrong; null for nothing. */
import { parentPort, workerData } from 'node:worker_threads';

import { Database, fileFaultOf } from './database.ts';

let problem: string | null = null;
try {
  const db = new Database(workerData as string, 'read');
  const found = db.row('PRAGMA quick_check(1)')?.[0];
  if (found !== 'ok') problem = String(found);
  db.close();
} catch (error) {
  // What else goes wrong is no damage, and the writer will meet it too.
  if (fileFaultOf(error) === 'damaged') problem = (error as Error).message;
}
parentPort?.postMessage(problem);
