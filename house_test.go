// Package kurir_test holds the rules of the house that a machine can check: which package may import which,
// what pure packages keep away from, and versions that go together.
package kurir_test

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "kurir"

// The packages by layer, as docs/architecture.md draws them. Imports go down only.
var (
	codecs = []string{"wire", "gsm", "smpp", "ucp", "cimd2", "modem", "paging"}
	pure   = []string{"message", "account", "rota", "directory", "route", "billing", "alarm", "tally"}
	// edges are the packages above the core, which nothing but the wiring and the file knows.
	edges = []string{"resource", "api", "web", "simulator", "load"}
)

// mayImport gives, for each package, those of ours that it may import. A package that is not in it fails the
// test: say here where a new one stands before it is used.
var mayImport = map[string][]string{
	"gsm":  {},
	"mail": {},

	"wire": {}, // what sessions of several protocols have in common
	"smpp": {"wire"},

	"sheet": {},

	"pgtest": {}, "tsharktest": {}, "leaktest": {}, // for tests only: no row names them

	"program": {},
	"filter":  {"message", "program"},
	"command": {"message", "gsm", "program"},

	"ucp":     {"gsm", "wire"},
	"cimd2":   {"gsm", "wire"},
	"modem":   {"gsm"},
	"paging":  {"gsm"},
	"message": {"gsm"},

	"account":   {"message"},
	"rota":      {"message"},
	"directory": {"message"},
	"route":     {"message", "account", "gsm", "sheet"},
	"billing":   {"message", "account", "sheet"},
	"alarm":     {"message"},
	"tally":     {},

	"store":     join(pure, "gsm"), // gsm for the types of message's fields
	"cluster":   {"store"},
	"connector": join(codecs, "message", "mail"),
	"gateway":   join(codecs, join(pure, "command", "filter", "store", "cluster", "connector")...),
	"signin":    {"account", "store"},
	"resource":  join(pure, "store", "cluster", "gateway"),

	"api":       join(codecs, join(pure, "sheet", "gateway", "resource", "mail", "signin")...),
	"web":       join(pure, "sheet", "gateway", "resource", "signin"),
	"simulator": codecs,
	"load":      codecs,

	"config":    join(edges, join(codecs, join(pure, "command", "filter", "mail", "store", "cluster", "connector", "gateway")...)...),
	"app":       join(edges, join(codecs, join(pure, "signin", "command", "filter", "mail", "store", "cluster", "connector", "gateway", "config")...)...),
	"cmd/kurir": {"app", "config", "store", "simulator", "load", "mail"}, // mail: the mail server of the demo
}

func join(list []string, more ...string) []string { return slices.Concat(list, more) }

// forbidden gives the packages of the standard library and of others that pure packages keep away from: they have no network, no database, no files and no clock but an argument.
var forbidden = []string{"database/sql", "log", "net", "net/http", "os", "os/exec", "zombiezen.com/go/sqlite"}

// sourceFile is one parsed Go file that is not a test.
type sourceFile struct {
	name string // relative to the root
	pkg  string // folder, relative to the root
	ast  *ast.File
}

// sources parses every Go file of the product that is not a test.
func sources(t *testing.T, fset *token.FileSet) []sourceFile {
	t.Helper()
	var files []sourceFile
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"e2e", "tools", "testdata", "node_modules"}, d.Name())) {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, sourceFile{name: filepath.ToSlash(name), pkg: path.Dir(filepath.ToSlash(name)), ast: file})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestImports holds the direction of imports: down only, by the table.
func TestImports(t *testing.T) {
	t.Parallel()
	for _, file := range sources(t, token.NewFileSet()) {
		allowed, known := mayImport[file.pkg]
		if !known {
			t.Errorf("%s: package %s stands in no layer: give it a row in house_test.go", file.name, file.pkg)
			continue
		}
		for _, spec := range file.ast.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if ours, ok := strings.CutPrefix(name, module+"/"); ok && !slices.Contains(allowed, ours) {
				t.Errorf("%s: %s may not import %s (it may: %s)", file.name, file.pkg, ours, strings.Join(allowed, ", "))
			}
		}
	}
}

// TestPure holds that the pure packages decide on their arguments alone.
func TestPure(t *testing.T) {
	t.Parallel()
	fset := token.NewFileSet()
	for _, file := range sources(t, fset) {
		if !slices.Contains(pure, file.pkg) {
			continue
		}
		for _, spec := range file.ast.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if slices.Contains(forbidden, name) {
				t.Errorf("%s: pure package %s imports %s", file.name, file.pkg, name)
			}
		}
		ast.Inspect(file.ast, func(n ast.Node) bool {
			call, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if name, ok := call.X.(*ast.Ident); ok && name.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "After", "Sleep", "NewTimer", "NewTicker"}, call.Sel.Name) {
				t.Errorf("%s: pure package %s calls time.%s; take the time as an argument", fset.Position(call.Pos()), file.pkg, call.Sel.Name)
			}
			return true
		})
	}
}

// TestNoInit holds that nothing happens before main: an init function hides an order that nobody wrote down.
func TestNoInit(t *testing.T) {
	t.Parallel()
	fset := token.NewFileSet()
	for _, file := range sources(t, fset) {
		for _, decl := range file.ast.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: func init", fset.Position(f.Pos()))
			}
		}
	}
}

// TestSQLiteLockStep holds that modernc.org/libc is the version that modernc.org/sqlite was generated with:
// SQLite is translated C, and another libc breaks it in ways that no compiler sees.
func TestSQLiteLockStep(t *testing.T) {
	t.Parallel()
	ours, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	sqlite := requiredVersion(t, ours, "modernc.org/sqlite")
	cache := os.Getenv("GOMODCACHE")
	if cache == "" {
		cache = filepath.Join(build.Default.GOPATH, "pkg", "mod")
	}
	theirs, err := os.ReadFile(filepath.Join(cache, "modernc.org", "sqlite@"+sqlite, "go.mod"))
	if err != nil {
		t.Skipf("modernc.org/sqlite %s is not in the module cache yet: %v", sqlite, err)
	}
	want := requiredVersion(t, theirs, "modernc.org/libc")
	if got := requiredVersion(t, ours, "modernc.org/libc"); got != want {
		t.Errorf("go.mod requires modernc.org/libc %s, but modernc.org/sqlite %s was made with %s", got, sqlite, want)
	}
}

// requiredVersion gives the version of a module that the text of a go.mod requires.
func requiredVersion(t *testing.T, mod []byte, module string) string {
	t.Helper()
	match := regexp.MustCompile(`(?m)^(?:require)?\s*` + regexp.QuoteMeta(module) + `\s+(v\S+)`).FindSubmatch(mod)
	if match == nil {
		t.Fatalf("no requirement of %s", module)
	}
	return string(match[1])
}
