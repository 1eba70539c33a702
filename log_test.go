package kurir_test

import (
	"go/ast"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestLogTable holds the table of docs/operations.md to the code: every line that the server can write to its log
// stands there, and nothing else does. Three dots stand for what differs.
func TestLogTable(t *testing.T) {
	t.Parallel()
	patterns := map[string]*regexp.Regexp{}
	for _, entry := range logTable(t) {
		patterns[entry] = regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(entry), `\.\.\.`, ".*") + "$")
	}
	used := map[string]bool{}
	for where, lines := range logLines(t) {
		for _, line := range lines {
			found := false
			for entry, p := range patterns {
				if p.MatchString(line) {
					used[entry], found = true, true
				}
			}
			if !found {
				t.Errorf("%s: the table of the log in docs/operations.md lacks %q", where, line)
			}
		}
	}
	for entry := range patterns {
		if !used[entry] {
			t.Errorf("the table of the log in docs/operations.md has %q, which no code writes", entry)
		}
	}
}

// logTable gives the lines in the first column of the table.
func logTable(t *testing.T) (entries []string) {
	t.Helper()
	text, err := os.ReadFile("docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## The log\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for row := range strings.Lines(section) {
		if cells := strings.Split(row, " | "); strings.HasPrefix(row, "| `") {
			for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[0], -1) {
				entries = append(entries, m[1])
			}
		}
	}
	return entries
}

// logLines gives the lines from level info on that the packages of the server write, by place.
func logLines(t *testing.T) map[string][]string {
	t.Helper()
	lines := map[string][]string{}
	fset := token.NewFileSet()
	for _, file := range sources(t, fset) {
		if slices.Contains([]string{"simulator", "load"}, file.pkg) {
			continue
		}
		for _, decl := range file.ast.Decls {
			ast.Inspect(decl, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				arg := logged(call)
				if arg == nil {
					return true
				}
				where := fset.Position(call.Pos()).String()
				if lines[where] = texts(arg, decl); len(lines[where]) == 0 {
					t.Errorf("%s: the line of the log is no text that can be read here", where)
				}
				return true
			})
		}
	}
	return lines
}

// logged gives the argument of a call that is the line of a log; nil if it is no such call.
func logged(call *ast.CallExpr) ast.Expr {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	name := ""
	switch on := sel.X.(type) {
	case *ast.Ident:
		name = on.Name
	case *ast.SelectorExpr:
		name = on.Sel.Name
	}
	if name = strings.ToLower(name); name != "log" && name != "logger" {
		return nil
	}
	switch {
	case slices.Contains([]string{"Info", "Warn", "Error"}, sel.Sel.Name):
		return call.Args[0]
	case slices.Contains([]string{"InfoContext", "WarnContext", "ErrorContext"}, sel.Sel.Name):
		return call.Args[1]
	case sel.Sel.Name == "Log":
		return call.Args[2]
	}
	return nil
}

// texts gives what an expression within a declaration may be: itself, the beginning of a format, or what is assigned
// to the variable that it is.
func texts(e ast.Expr, within ast.Decl) (list []string) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil {
			list = append(list, text)
		}
	case *ast.BinaryExpr:
		return texts(e.X, within)
	case *ast.CallExpr:
		if sel, ok := e.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Sprintf" {
			return texts(e.Args[0], within)
		}
	case *ast.Ident:
		ast.Inspect(within, func(n ast.Node) bool {
			a, ok := n.(*ast.AssignStmt)
			if !ok {
				return true
			}
			for i, to := range a.Lhs {
				if id, ok := to.(*ast.Ident); ok && id.Name == e.Name && i < len(a.Rhs) {
					if lit, ok := a.Rhs[i].(*ast.BasicLit); ok {
						list = append(list, texts(lit, within)...)
					}
				}
			}
			return true
		})
	}
	return list
}
