package kurir_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sleepers are functions that sleep in bubbles only, which the test cannot see: by package and name, and why.
var sleepers = map[string]string{
	"gateway.stationTests": "a table whose functions inStation calls in a bubble for each",
	"gateway.step":         "methods of chaos and moneyLife, whose lives are bubbles; functions elsewhere have the name too",
	"gateway.reborn":       "chaos.run, which calls it, is a common name",
	"gateway.finish":       "likewise",
	"cluster.over":         "requests on their way to a table, which are sent in bubbles by what is tested",
}

// TestNoSleepInTests holds that a test waits for an event and never for a time: time.Sleep belongs into a bubble of
// testing/synctest, where it costs nothing and depends on nothing. It stands there if it is in a function literal that
// is given to synctest.Test or to a function of ours that calls that, or in a function that only such ones call.
func TestNoSleepInTests(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("*/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]*sleepCheck{}
	for _, name := range names {
		folder := filepath.Dir(name)
		if folder == "e2e" {
			continue // the end-to-end tests look at other processes, which tell no events
		}
		c := folders[folder]
		if c == nil {
			c = newSleepCheck(folder)
			folders[folder] = c
		}
		file, err := parser.ParseFile(c.files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		c.add(file)
	}
	for _, c := range folders {
		for _, at := range c.outside() {
			t.Errorf("%s: time.Sleep outside a bubble of testing/synctest: wait for an event", at)
		}
	}
}

// TestSleepCheck shows what the check finds and what it lets pass.
func TestSleepCheck(t *testing.T) {
	t.Parallel()
	c := newSleepCheck("x")
	file, err := parser.ParseFile(c.files, "x_test.go", `package x
import ("testing"; "testing/synctest"; "time")
func bubble(t *testing.T, f func(t *testing.T)) { synctest.Test(t, f) }
func in() { time.Sleep(1) }
func deeper() { in() }
func both() { time.Sleep(1) }
type rig struct{}
func (rig) pause() { time.Sleep(1) }
func TestIn(t *testing.T) {
	bubble(t, func(t *testing.T) { deeper(); both(); rig{}.pause(); func() { time.Sleep(1) }() })
	synctest.Test(t, whole)
	part := func(t *testing.T) { time.Sleep(1) }
	bubble(t, part)
}
func whole(t *testing.T) { time.Sleep(1) }
func TestOut(t *testing.T) {
	both()
	time.Sleep(1)
	t.Run("x", func(t *testing.T) { time.Sleep(1) })
}
func never() { time.Sleep(1) }
`, 0)
	if err != nil {
		t.Fatal(err)
	}
	c.add(file)
	want := []string{"x_test.go:6:15", "x_test.go:18:2", "x_test.go:19:34", "x_test.go:21:16"}
	if got := c.outside(); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

// use is where a function is named: in a bubble for sure, or in another function.
type use struct {
	bubbled bool
	by      string
}

// sleepCheck looks at the tests of a package.
type sleepCheck struct {
	folder  string
	files   *token.FileSet
	decls   []*ast.FuncDecl
	runners map[string]bool // functions that run what they are given in a bubble
	uses    map[string][]use
	sleeps  map[token.Pos]use
}

func newSleepCheck(folder string) *sleepCheck {
	return &sleepCheck{
		folder: folder, files: token.NewFileSet(), runners: map[string]bool{}, uses: map[string][]use{}, sleeps: map[token.Pos]use{},
	}
}

func (c *sleepCheck) add(file *ast.File) {
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
			c.decls = append(c.decls, f)
		}
	}
}

// outside returns where time.Sleep stands outside a bubble.
func (c *sleepCheck) outside() (found []string) {
	c.findRunners()
	for _, f := range c.decls {
		c.walk(f)
	}
	in := map[string]bool{}
	for name := range sleepers {
		if folder, f, _ := strings.Cut(name, "."); folder == c.folder {
			in[f] = true
		}
	}
	held := func(u use) bool { return u.bubbled || in[u.by] }
	for more := true; more; {
		more = false
		for _, f := range c.decls {
			uses := c.uses[f.Name.Name]
			if !in[f.Name.Name] && len(uses) > 0 && !slices.ContainsFunc(uses, func(u use) bool { return !held(u) }) {
				in[f.Name.Name], more = true, true
			}
		}
	}
	for _, at := range slices.Sorted(maps.Keys(c.sleeps)) {
		if !held(c.sleeps[at]) {
			found = append(found, c.files.Position(at).String())
		}
	}
	return found
}

// findRunners finds the functions that take a function and call synctest.Test, or
// one that does.
func (c *sleepCheck) findRunners() {
	for more := true; more; {
		more = false
		for _, f := range c.decls {
			if c.runners[f.Name.Name] || !slices.ContainsFunc(f.Type.Params.List, func(p *ast.Field) bool { _, ok := p.Type.(*ast.FuncType); return ok }) {
				continue
			}
			ast.Inspect(f.Body, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && c.runs(call) {
					c.runners[f.Name.Name], more = true, true
				}
				return true
			})
		}
	}
}

// runs tells whether a call runs its arguments in a bubble.
func (c *sleepCheck) runs(call *ast.CallExpr) bool {
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		return c.runners[fun.Name]
	case *ast.SelectorExpr:
		x, ok := fun.X.(*ast.Ident)
		return ok && x.Name == "synctest" && fun.Sel.Name == "Test" || c.runners[fun.Sel.Name]
	}
	return false
}

// walk notes what a function names and where it sleeps.
func (c *sleepCheck) walk(f *ast.FuncDecl) {
	given := map[string]bool{} // names of literals that are given to a runner
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && c.runs(call) {
			for _, arg := range call.Args {
				if name, ok := arg.(*ast.Ident); ok {
					given[name.Name] = true
				}
			}
		}
		return true
	})
	var look func(n ast.Node, bubbled bool)
	look = func(n ast.Node, bubbled bool) {
		ast.Inspect(n, func(m ast.Node) bool {
			switch m := m.(type) {
			case *ast.CallExpr:
				if sel, ok := m.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Sleep" {
					if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" {
						c.sleeps[m.Pos()] = use{bubbled, f.Name.Name}
					}
				}
				if !bubbled && c.runs(m) {
					look(m.Fun, false)
					for _, arg := range m.Args {
						look(arg, true)
					}
					return false
				}
			case *ast.AssignStmt:
				if name, ok := m.Lhs[0].(*ast.Ident); ok && !bubbled && given[name.Name] {
					look(m.Rhs[0], true)
					return false
				}
			case *ast.Ident:
				c.uses[m.Name] = append(c.uses[m.Name], use{bubbled, f.Name.Name})
			}
			return true
		})
	}
	look(f.Body, false)
}
