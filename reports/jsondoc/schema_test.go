package jsondoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/testfile"
)

// schema.json is made of the Go types and their comments, so that it cannot say
// anything else than they do.
func TestSchemaIsOfTheTypes(t *testing.T) {
	g := generator{comments: make(map[string]string), values: make(map[string][]string), defs: make(map[string]any)}
	for _, dir := range []string{".", "../../bench", "../../bench/agreement", "../../bench/analysis", "../../bench/plan", "../../bench/stat"} {
		g.read(t, dir)
	}
	top := g.object(reflect.TypeFor[document]())
	top["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	top["$id"] = "urn:" + strings.ReplaceAll(Version, "/", ":")
	top["title"] = "The report of a run of cri-stats-bench"
	top["description"] = "Plain data in base units: seconds, bytes, cores; durations (interval, window) in nanoseconds. Fields may be added to a version: readers ignore those they do not know."
	top["properties"].(map[string]any)["schema"].(map[string]any)["const"] = Version
	top["$defs"] = g.defs
	made, err := json.MarshalIndent(top, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	made = append(made, '\n')
	testfile.Golden(t, "schema.json", made)
}

// A generator makes a schema of Go types.
type generator struct {
	comments map[string]string   // "package.Type" and "package.Type.Field"
	values   map[string][]string // constants of a named string type
	defs     map[string]any
}

// open are vocabularies that may grow without a new version of the format.
var open = []string{"agreement.Kind", "analysis.NoteKind", "analysis.Metric", "bench.VoidReason", "bench.Component"}

func (g *generator) read(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range gen.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					g.typeSpec(file.Name.Name+"."+spec.Name.Name, gen, spec)
				case *ast.ValueSpec:
					g.valueSpec(file.Name.Name, spec)
				}
			}
		}
	}
}

func (g *generator) typeSpec(name string, gen *ast.GenDecl, spec *ast.TypeSpec) {
	g.comments[name] = sentence(gen.Doc, spec.Doc)
	fields, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	comment := ""
	for i, f := range fields.Fields.List {
		// A comment holds for the fields below it until an empty line or the next one.
		if f.Doc != nil || i == 0 {
			comment = sentence(f.Doc)
		}
		for _, n := range f.Names {
			g.comments[name+"."+n.Name] = strings.TrimSpace(comment + " " + sentence(f.Comment))
		}
	}
}

func (g *generator) valueSpec(pkg string, spec *ast.ValueSpec) {
	var name string
	switch of := spec.Type.(type) {
	case *ast.Ident:
		name = pkg + "." + of.Name
	case *ast.SelectorExpr: // a further value of another package's type
		name = fmt.Sprintf("%v.%s", of.X, of.Sel.Name)
	}
	if name == "" || len(spec.Values) != 1 {
		return
	}
	if literal, ok := spec.Values[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
		if value, err := strconv.Unquote(literal.Value); err == nil {
			g.values[name] = append(g.values[name], value)
		}
	}
}

func sentence(groups ...*ast.CommentGroup) string {
	for _, g := range groups {
		if text := g.Text(); text != "" {
			return strings.Join(strings.Fields(text), " ")
		}
	}
	return ""
}

func nameOf(of reflect.Type) string {
	return filepath.Base(of.PkgPath()) + "." + of.Name()
}

// of returns the schema of a type; structs become definitions.
func (g *generator) of(t reflect.Type) map[string]any {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[time.Duration]():
		return map[string]any{"type": "integer", "description": "nanoseconds"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return g.of(t.Elem())
	case reflect.Struct:
		name := nameOf(t)
		if g.defs[name] == nil {
			g.defs[name] = true // before its fields, which may be of the same type
			g.defs[name] = g.object(t)
		}
		return map[string]any{"$ref": "#/$defs/" + name}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": g.of(t.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": g.of(t.Elem())}
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint64:
		return map[string]any{"type": "integer"}
	case reflect.String:
		out := map[string]any{"type": "string"}
		if values := g.values[nameOf(t)]; len(values) > 0 && !slices.Contains(open, nameOf(t)) {
			out["enum"] = values
		}
		return out
	}
	panic(fmt.Sprintf("the report has a %v, of which nothing is known here", t))
}

func (g *generator) object(t reflect.Type) map[string]any {
	properties, required := make(map[string]any), []string{}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		optional := strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
		if f.Anonymous && tag == "" {
			embedded := f.Type
			if embedded.Kind() == reflect.Pointer {
				embedded = embedded.Elem()
			}
			object := g.object(embedded)
			for name, schema := range object["properties"].(map[string]any) {
				properties[name] = schema
			}
			required = append(required, object["required"].([]string)...)
			continue
		}
		schema := g.of(f.Type)
		if !optional {
			schema = g.empty(f.Type, schema)
		}
		if comment := g.comments[nameOf(t)+"."+f.Name]; comment != "" {
			schema["description"] = strings.TrimSpace(comment + " " + unit(schema))
		}
		properties[tag] = schema
		if !optional {
			required = append(required, tag)
		}
	}
	out := map[string]any{"type": "object", "properties": properties, "required": required}
	if comment := g.comments[nameOf(t)]; comment != "" {
		out["description"] = comment
	}
	if t == reflect.TypeFor[analysis.Estimate]() { // has a MarshalJSON of its own
		properties["value"] = map[string]any{"type": []string{"number", "null"}, "description": "null if the estimate is absent, which is not zero"}
	}
	return out
}

// empty allows what Go writes of a field that is not left out when it is empty.
func (g *generator) empty(t reflect.Type, schema map[string]any) map[string]any {
	values, closed := schema["enum"].([]string)
	switch {
	case t.Kind() == reflect.Slice:
		schema["type"] = []string{"array", "null"}
	case t.Kind() == reflect.Map:
		schema["type"] = []string{"object", "null"}
	case t.Kind() == reflect.Pointer:
		return map[string]any{"anyOf": []any{schema, map[string]any{"type": "null"}}}
	case closed && !slices.Contains(values, ""):
		schema["enum"] = append([]string{""}, values...)
	}
	return schema
}

// unit keeps what the type says of its unit.
func unit(schema map[string]any) string {
	if d, ok := schema["description"].(string); ok {
		return "(" + d + ")"
	}
	return ""
}

// compile compiles the schema; strict makes a copy that allows no field beyond those
// it names, to find fields that it forgot.
func compile(t *testing.T, strict bool) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	if strict {
		closeObjects(doc)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("report.json", doc); err != nil {
		t.Fatal(err)
	}
	out, err := c.Compile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func closeObjects(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, ok := v["properties"].(map[string]any); ok && v["type"] == "object" {
			v["additionalProperties"] = false
		}
		for _, below := range v {
			closeObjects(below)
		}
	case []any:
		for _, below := range v {
			closeObjects(below)
		}
	}
}
