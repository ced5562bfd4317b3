import pg from 'pg';

/** Object id of the type `bigint`. */
const bigint = pg.types.builtins.INT8;

/**
 * Parsers of column types. `bigint` becomes a number: money and counts stay below 2^53, and a sum beyond it must not be
 * rounded in silence.
 */
export const columnTypes: pg.CustomTypesConfig = {
  getTypeParser(id, format) {
    return id === bigint && format !== 'binary' ? parseBigint : pg.types.getTypeParser(id, format);
  },
};

function parseBigint(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`The database has a number that is too large: ${text}`);
  return value;
}
