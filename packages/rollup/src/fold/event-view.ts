import type { DerivedFields, FieldReader } from "./field.ts";
import { fieldReader } from "./field.ts";
import type { FoldEvent, PropertyValue } from "./fold-event.ts";

/**
 * The one event that is being folded, with the properties that anybody asked for in slots: each key of the event is
 * looked up once, however many metrics, filters and dimensions read it. Reused from event to event.
 */
export class EventView {
  readonly #derived: DerivedFields;
  readonly #slotOfKey = new Map<string, number>();
  readonly #slots: (PropertyValue | undefined)[] = [];
  #event: FoldEvent | undefined;

  constructor(derived: DerivedFields) {
    this.#derived = derived;
  }

  /** The reader of a field for whatever event is shown. Asked for while a plan is made. */
  reader(name: string): () => PropertyValue | undefined {
    const read: FieldReader = fieldReader(name, this.#derived, (key) => this.#slot(key));
    return () => read(this.#event!, this.#slots);
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
  }

  #slot(key: string): number {
    let slot = this.#slotOfKey.get(key);
    if (slot === undefined) {
      slot = this.#slots.length;
      this.#slots.push(undefined);
      this.#slotOfKey.set(key, slot);
    }
    return slot;
  }
}
