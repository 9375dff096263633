/** What an event tells besides its name. Flat: the server takes no lists and no objects. */
export type Properties = Record<string, string | number | boolean | null>;
