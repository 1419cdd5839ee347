// Module loader of the page: the interface of a Meta-style loader that page libraries search. It
// knows nothing of the modules' contents.

/** Page libraries access a module's exports by name, so they have no types here. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Exports = Record<string, any>;
type Factory = (exports: Exports) => void;

interface Module {
  id: string;
  factory: Factory;
  exports: Exports;
  evaluated: boolean;
}

const modulesMap: Record<string, Module> = Object.create(null) as Record<string, Module>;

/** Registers a module; the first definition of an id stays. Evaluated at its first use. */
export function define(id: string, factory: Factory): void {
  modulesMap[id] ??= { id, factory, exports: {}, evaluated: false };
}

/** Registers modules whose exports are plain values. */
export function defineAll(modules: Record<string, () => Exports>): void {
  for (const [id, make] of Object.entries(modules)) {
    define(id, (exports) => Object.assign(exports, make()));
  }
}

/**
 * The live exports of a module. Page libraries replace functions in them to listen, so the page
 * calls its own functions through here wherever somebody may listen.
 */
export function importNamespace(id: string): Exports {
  const module = modulesMap[id];
  if (!module) throw new Error(`Requiring unknown module "${id}"`);
  if (!module.evaluated) {
    module.evaluated = true;
    module.factory(module.exports);
  }
  return module.exports;
}

function requireModule(id: string): unknown {
  if (id === "__debug") return { modulesMap };
  const exports = importNamespace(id);
  const names = Object.keys(exports);
  return names.length === 1 && names[0] === "default" ? exports["default"] : exports;
}

/** Puts the loader's globals onto the window. */
export function installLoader(version: string): void {
  Object.assign(window, {
    __d: (id: string, _dependencies: unknown, factory: Factory) => define(id, factory),
    require: requireModule,
    importNamespace,
    importDefault: (id: string): unknown => importNamespace(id)["default"],
    requireLazy: (ids: string[], then: (...modules: unknown[]) => void) =>
      then(...ids.map(requireModule)),
    ErrorGuard: {
      skipGuardGlobal: () => undefined,
      applyWithGuard: (
        call: (...args: unknown[]) => unknown,
        self: unknown,
        args: unknown[],
      ) => call.apply(self, args),
    },
    Debug: { VERSION: version },
  });
}
