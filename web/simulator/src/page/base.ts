// Event emitter, observable model and collection: base classes of the page's stores.
import type { Exports } from "./loader";
import { MsgKey, Wid, idText } from "./ids";

/* eslint-disable @typescript-eslint/no-explicit-any -- listeners take whatever is sent */
type Listener = (...args: any[]) => unknown;
interface Hook {
  call: Listener;
  original: Listener;
  self: unknown;
}

export class Emitter {
  // Not a field: models count their own enumerable names.
  private get hooks(): Map<string, Hook[]> {
    const found = hooksOf.get(this);
    if (found) return found;
    const fresh = new Map<string, Hook[]>();
    hooksOf.set(this, fresh);
    return fresh;
  }

  on(names: string, call: Listener, self?: unknown): this {
    for (const name of words(names)) {
      this.hooks.set(name, [...(this.hooks.get(name) ?? []), { call, original: call, self }]);
    }
    return this;
  }

  once(names: string, call: Listener, self?: unknown): this {
    for (const name of words(names)) {
      const wrapped: Listener = (...args) => {
        this.off(name, call);
        return call.apply(self ?? this, args);
      };
      const hook = { call: wrapped, original: call, self };
      this.hooks.set(name, [...(this.hooks.get(name) ?? []), hook]);
    }
    return this;
  }

  off(names?: string | null, call?: Listener): this {
    if (names === undefined || names === null) {
      this.hooks.clear();
      return this;
    }
    for (const name of words(names)) {
      const left = call
        ? (this.hooks.get(name) ?? []).filter((hook) => hook.original !== call)
        : [];
      this.hooks.set(name, left);
    }
    return this;
  }

  trigger(name: string, ...args: unknown[]): this {
    this.call(this.hooks.get(name), args, name);
    if (name !== "all") this.call(this.hooks.get("all"), [name, ...args], name);
    return this;
  }

  private call(hooks: Hook[] | undefined, args: unknown[], name: string): void {
    for (const hook of hooks ?? []) {
      try {
        hook.call.apply(hook.self ?? this, args);
      } catch (error) {
        console.error(`A listener of ${name} failed:`, error);
      }
    }
  }

  addListener(names: string, call: Listener, self?: unknown): this {
    return this.on(names, call, self);
  }
  removeListener(names: string, call?: Listener): this {
    return this.off(names, call);
  }
  emit(name: string, ...args: unknown[]): this {
    return this.trigger(name, ...args);
  }
  getListenersCount(name: string): number {
    return this.hooks.get(name)?.length ?? 0;
  }
  listenTo(other: Emitter, names: string, call: Listener): this {
    other.on(names, call, this);
    return this;
  }
  stopListening(other?: Emitter, names?: string, call?: Listener): this {
    other?.off(names, call);
    return this;
  }
}

const hooksOf = new WeakMap<Emitter, Map<string, Hook[]>>();
const words = (names: string): string[] => names.split(/\s+/).filter(Boolean);

const valuesOf = new WeakMap<Model, Exports>();

/** A model that emits changes of its attributes: `change:name`, then `change`. */
export class Model extends Emitter {
  [name: string]: any;
  /** Attributes that must be observable before their first value. */
  static props: readonly string[] = [];
  static defaults: Exports = {};
  /** Attributes that are models, yet whose changes are not passed on. */
  static silent: ReadonlySet<string> = new Set();

  constructor(attributes: Exports = {}) {
    super();
    valuesOf.set(this, {});
    const type = this.constructor as typeof Model;
    for (const name of type.props) type.observe(name);
    this["promises"] = {};
    const given = attributes instanceof Model ? attributes.attributes : attributes;
    this.set({ ...type.defaults, ...given });
  }

  /** Makes an attribute observable for all models of this class. */
  static observe(name: string): void {
    for (
      let type = this.prototype;
      type !== Model.prototype;
      type = Object.getPrototypeOf(type)
    ) {
      if (Object.getOwnPropertyDescriptor(type, name)) return;
    }
    const silent = this.silent.has(name);
    Object.defineProperty(this.prototype, name, {
      configurable: true,
      enumerable: true,
      get(this: Model) {
        return valuesOf.get(this)?.[name];
      },
      set(this: Model, value: unknown) {
        this.change(name, value, silent);
      },
    });
    Object.defineProperty(this.prototype, `__x_${name}`, {
      configurable: true,
      get(this: Model) {
        return this[name];
      },
      set(this: Model, value: unknown) {
        this[name] = value;
      },
    });
  }

  private change(name: string, value: unknown, silent: boolean): void {
    const values = valuesOf.get(this);
    if (!values || values[name] === value) return;
    const before: unknown = values[name];
    values[name] = value;
    if (value instanceof Model && value !== this && !silent) {
      value.on("all", (event: string, ...args: unknown[]) => {
        if (/^change:[^.]+$/.test(event))
          this.trigger(`change:${name}.${event.slice(7)}`, ...args);
      });
    }
    this.trigger(`change:${name}`, this, value, before);
    this.trigger("change", this);
  }

  set(attributes: Exports | string, value?: unknown): this {
    const given: Exports =
      typeof attributes === "string" ? { [attributes]: value } : attributes;
    const values = valuesOf.get(this) ?? {};
    for (const [name, each] of Object.entries(given)) {
      if (each === undefined && !(name in values)) continue;
      (this.constructor as typeof Model).observe(name);
      if (isWritable(this, name)) this[name] = each;
      else values[name] = each;
    }
    return this;
  }

  get(name: string): unknown {
    return this[name];
  }
  unset(name: string): void {
    this[name] = undefined;
  }
  get attributes(): Exports {
    return { ...valuesOf.get(this) };
  }
  toJSON(): Exports {
    const plain = Object.entries(this.attributes).filter(
      ([, value]) =>
        !(
          value instanceof Model ||
                    value instanceof Collection ||
                    typeof value === "function"
        ),
    );
    return Object.fromEntries(plain);
  }
  serialize(): Exports {
    return this.toJSON();
  }
  unsafe(): this {
    return this;
  }
  safe(): this {
    return this;
  }
}

function isWritable(model: Model, name: string): boolean {
  for (let at: unknown = model; at; at = Object.getPrototypeOf(at)) {
    const found = Object.getOwnPropertyDescriptor(at, name);
    if (found) return found.writable ?? found.set !== undefined;
  }
  return true;
}

type ModelType<M extends Model> = new (attributes?: any) => M;

/** Models by id, in the order in which they came. */
export class Collection<M extends Model = Model> extends Emitter {
  static model: ModelType<any> = Model;
  _models: M[] = [];
  _index: Record<string, M> = {};

  get modelClass(): ModelType<M> {
    return (this.constructor as typeof Collection).model;
  }
  get models(): M[] {
    return this._models;
  }
  get length(): number {
    return this._models.length;
  }

  get(id: unknown): M | undefined {
    const text = idText(id);
    return text === undefined ? undefined : this._index[text];
  }

  assertGet(id: unknown): M {
    const found = this.get(id);
    if (!found) throw new Error(`not found: ${idText(id)}`);
    return found;
  }

  add(given: unknown, options: { merge?: boolean; silent?: boolean } = {}): M[] {
    return (Array.isArray(given) ? given : [given]).map((each: any) =>
      this.addOne(each, options),
    );
  }

  private addOne(given: any, options: { merge?: boolean; silent?: boolean }): M {
    const known = this.get(given);
    if (known) {
      if (options.merge && !(given instanceof Model)) known.set(given);
      return known;
    }
    const model: M = given instanceof Model ? (given as M) : new this.modelClass(given);
    this._models.push(model);
    this._index[String(idText(model))] = model;
    (model as Model)["collection"] ??= this;
    model.on("all", (event: string, ...args: unknown[]) => {
      if (event !== "add" && event !== "remove") this.trigger(event, ...args);
    });
    if (!options.silent) this.trigger("add", model, this);
    return model;
  }

  /** The model of this id, made when there is none. */
  gadd(id: any, options?: { silent?: boolean }): M {
    return (
      this.get(id) ??
            this.addOne(id instanceof Wid || id instanceof MsgKey ? { id } : id, options ?? {})
    );
  }

  remove(given: unknown): M | undefined {
    const model = this.get(given);
    if (!model) return undefined;
    this._models = this._models.filter((each) => each !== model);
    Reflect.deleteProperty(this._index, String(idText(model)));
    this.trigger("remove", model, this);
    return model;
  }

  reset(): void {
    this._models = [];
    this._index = {};
    this.trigger("reset", this);
  }

  protected findMissing(_id: unknown): Promise<M | undefined> {
    return Promise.resolve(undefined);
  }
  async find(id: unknown): Promise<M> {
    const found = this.get(id) ?? (await this.findMissing(id));
    if (!found) throw new Error(`not found: ${idText(id)}`);
    return found;
  }

  getModelsArray(): M[] {
    return this._models;
  }
  toArray(): M[] {
    return [...this._models];
  }
  findFirst(test: (model: M) => boolean): M | undefined {
    return this._models.find(test);
  }
  head(): M | undefined {
    return this._models[0];
  }
  last(): M | undefined {
    return this._models.at(-1);
  }
  at(index: number): M | undefined {
    return this._models.at(index);
  }
  map<T>(make: (model: M) => T): T[] {
    return this._models.map(make);
  }
  filter(test: (model: M) => boolean): M[] {
    return this._models.filter(test);
  }
  forEach(call: (model: M) => void): void {
    this._models.forEach(call);
  }
  some(test: (model: M) => boolean): boolean {
    return this._models.some(test);
  }
  every(test: (model: M) => boolean): boolean {
    return this._models.every(test);
  }
  reduce<T>(call: (sum: T, model: M) => T, start: T): T {
    return this._models.reduce(call, start);
  }
  findIndex(test: (model: M) => boolean): number {
    return this._models.findIndex(test);
  }
  [Symbol.iterator](): Iterator<M> {
    return this._models[Symbol.iterator]();
  }
}
