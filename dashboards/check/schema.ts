// Holds a value to a TypeScript type of the SDK, as the compiler would: a name that the type lacks or a value outside an enum is a
// problem. The generator is compiled against the same types; this sees the JSON, however it came to be.

import {createRequire} from 'node:module';
import * as path from 'node:path';
import ts from 'typescript';

const SDK = '@grafana/grafana-foundation-sdk';

export class Schema {
  private readonly checker: ts.TypeChecker;
  private readonly program: ts.Program;
  private readonly files = new Map<string, string>();

  // `modules` are those of the SDK whose types will be asked for.
  constructor(modules: readonly string[]) {
    const require = createRequire(import.meta.url);
    for (const module of modules) {
      this.files.set(module, path.join(path.dirname(require.resolve(`${SDK}/${module}`)), 'types.gen.d.ts'));
    }
    this.program = ts.createProgram([...this.files.values()], {
      strict: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16,
    });
    this.checker = this.program.getTypeChecker();
  }

  // Null if the module has no such type, as some panels have no options of fields.
  private typeOf(module: string, name: string): ts.Type | null {
    const source = this.program.getSourceFile(this.files.get(module)!)!;
    const found = this.checker.getExportsOfModule(this.checker.getSymbolAtLocation(source)!).find((each) => each.name === name);
    return found ? this.checker.getDeclaredTypeOfSymbol(found) : null;
  }

  problems(value: unknown, module: string, name: string, place: string): string[] {
    const type = this.typeOf(module, name);
    return type ? this.against(value, type, place) : value === undefined ? [] : [`${place}: ${module} has no ${name}`];
  }

  private against(value: unknown, type: ts.Type, place: string): string[] {
    if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return [];
    if (type.isUnion()) return this.againstUnion(value, type, place);
    if (type.isLiteral()) return value === type.value ? [] : [`${place}: ${JSON.stringify(value)} is not ${JSON.stringify(type.value)}`];
    const primitive = this.primitive(type);
    if (primitive !== undefined) return typeof value === primitive ? [] : [`${place}: ${JSON.stringify(value)} is no ${primitive}`];
    if (type.flags & ts.TypeFlags.Undefined) return value === undefined ? [] : [`${place}: should be absent`];
    if (type.flags & ts.TypeFlags.Null) return value === null ? [] : [`${place}: should be null`];
    if (this.checker.isArrayType(type)) {
      if (!Array.isArray(value)) return [`${place}: is no list`];
      const element = this.checker.getTypeArguments(type as ts.TypeReference)[0]!;
      return value.flatMap((each, index) => this.against(each, element, `${place}[${index}]`));
    }
    return this.againstObject(value, type, place);
  }

  private primitive(type: ts.Type): string | undefined {
    if (type.flags & ts.TypeFlags.BooleanLiteral) return 'boolean';
    if (type.flags & ts.TypeFlags.String) return 'string';
    if (type.flags & ts.TypeFlags.Number) return 'number';
    return undefined;
  }

  // The problems of the member that fits best.
  private againstUnion(value: unknown, type: ts.UnionType, place: string): string[] {
    const members = type.types.filter((member) => !(member.flags & ts.TypeFlags.Undefined));
    const literals = members.filter((member) => member.isLiteral()).map((member) => (member as ts.LiteralType).value);
    if (literals.length === members.length) {
      return literals.includes(value as string) ? [] : [`${place}: ${JSON.stringify(value)} is none of ${literals.join(', ')}`];
    }
    const tries = members.map((member) => this.against(value, member, place));
    return tries.reduce((best, each) => (each.length < best.length ? each : best));
  }

  private againstObject(value: unknown, type: ts.Type, place: string): string[] {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${place}: is no object`];
    const index = type.getStringIndexType();
    const found: string[] = [];
    for (const [key, each] of Object.entries(value)) {
      const property = type.getProperty(key);
      if (property) found.push(...this.against(each, this.checker.getTypeOfSymbol(property), `${place}.${key}`));
      else if (index) found.push(...this.against(each, index, `${place}.${key}`));
      else found.push(`${place}: no option is called "${key}"`);
    }
    for (const property of type.getProperties()) {
      const needed = !(property.flags & (ts.SymbolFlags.Optional | ts.SymbolFlags.Method));
      if (needed && !(property.name in value)) found.push(`${place}: "${property.name}" is missing`);
    }
    return found;
  }
}
