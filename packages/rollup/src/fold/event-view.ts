import { entry } from "./entry.ts";
import { type DerivedFields, type FieldReader, fieldReader } from "./field.ts";
import type { FoldEvent, PropertyValue } from "./fold-event.ts";

/** Reads a field of the event that is shown. */
type ShownReader = () => PropertyValue | undefined;

/**
 * The one event that is being folded, with the properties that anybody asked for in slots: each key of the event is
 * looked up once, and each derived field derived once, however many metrics, filters and dimensions read it. Reused from
 * event to event.
 */
export class EventView {
  readonly #derived: DerivedFields;
  readonly #readers = new Map<string, ShownReader>();
  readonly #slotOfKey = new Map<string, number>();
  readonly #slots: (PropertyValue | undefined)[] = [];
  #event: FoldEvent | undefined;
  #serial = 0;

  constructor(derived: DerivedFields) {
    this.#derived = derived;
  }

  /** The reader of a field for whatever event is shown. Asked for while a plan is made. */
  reader(name: string): ShownReader {
    return entry(this.#readers, name, () => {
      const read = fieldReader(name, this.#derived, (key) => this.#slot(key));
      return this.#derived.has(name) ? this.#readOnce(read) : () => read(this.#event!, this.#slots);
    });
  }

  /** Shows `event` to the readers until the next one is shown. */
  show(event: FoldEvent): void {
    const { keys, values, count } = event;
    const slots = this.#slots;
    for (let i = 0; i < slots.length; i++) slots[i] = undefined;
    for (let i = 0; i < count; i++) {
      const slot = this.#slotOfKey.get(keys[i]!);
      if (slot !== undefined) slots[slot] = values[i];
    }
    this.#event = event;
    this.#serial += 1;
  }

  #readOnce(read: FieldReader): ShownReader {
    let at = 0;
    let value: PropertyValue | undefined;
    return () => {
      if (at !== this.#serial) {
        value = read(this.#event!, this.#slots);
        at = this.#serial;
      }
      return value;
    };
  }

  #slot(key: string): number {
    return entry(this.#slotOfKey, key, () => this.#slots.push(undefined) - 1);
  }
}
