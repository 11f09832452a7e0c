/** Keeps everything else from writing to a file of SQLite until it is killed: `node lock-holder.js FILE`. */
import { Database } from '../../../src/history/database.ts';
import { loadDriver } from '../../../src/history/sqlite-driver.ts';

const db = new Database(await loadDriver(), process.argv[2] ?? '', 'write');
db.exec('BEGIN IMMEDIATE');
process.stdout.write('held\n');
setInterval(() => db.number('PRAGMA user_version'), 1000);
