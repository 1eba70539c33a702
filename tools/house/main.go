// Command house prints what makes a package harder to read than it needs to be: files over 400 lines, functions
// over 60, exported names without a comment. It advises and never fails; what must hold is a test (house_test.go).
package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	maxFileLines     = 400
	maxFunctionLines = 60
)

// finding is one line of the report.
type finding struct {
	kind  string // heading it stands under
	where string // file:line
	what  string
	size  int // lines, for the order; 0 when it has none
}

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	findings, err := inspect(root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "house:", err)
		os.Exit(1)
	}
	printReport(findings)
}

// inspect walks the tree under root and looks at every Go file that people read.
func inspect(root string) ([]finding, error) {
	var findings []finding
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != root && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		file, err := parser.ParseFile(fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if ast.IsGenerated(file) {
			return nil
		}
		findings = append(findings, inspectFile(fset, name, file)...)
		return nil
	})
	return findings, err
}

// inspectFile gives the findings of one file.
func inspectFile(fset *token.FileSet, name string, file *ast.File) []finding {
	var findings []finding
	if lines := fset.File(file.Pos()).LineCount(); lines > maxFileLines {
		findings = append(findings, finding{"files over 400 lines", name, fmt.Sprintf("%d lines", lines), lines})
	}
	isTest := strings.HasSuffix(name, "_test.go")
	for _, decl := range file.Decls {
		function, ok := decl.(*ast.FuncDecl)
		if !ok {
			if !isTest && file.Name.Name != "main" {
				findings = append(findings, undocumented(fset, decl.(*ast.GenDecl))...)
			}
			continue
		}
		start, end := fset.Position(function.Pos()), fset.Position(function.End())
		where := fmt.Sprintf("%s:%d", name, start.Line)
		if lines := end.Line - start.Line + 1; lines > maxFunctionLines {
			findings = append(findings, finding{"functions over 60 lines", where, fmt.Sprintf("%s: %d lines", function.Name.Name, lines), lines})
		}
		if !isTest && file.Name.Name != "main" && function.Doc == nil && exportedFunction(function) {
			findings = append(findings, finding{"exported names without a comment", where, function.Name.Name, 0})
		}
	}
	return findings
}

// exportedFunction tells whether a function can be called from another package.
func exportedFunction(function *ast.FuncDecl) bool {
	if !function.Name.IsExported() {
		return false
	}
	if function.Recv == nil {
		return true
	}
	receiver := function.Recv.List[0].Type
	for {
		switch t := receiver.(type) {
		case *ast.StarExpr:
			receiver = t.X
		case *ast.IndexExpr:
			receiver = t.X
		case *ast.IndexListExpr:
			receiver = t.X
		case *ast.Ident:
			return t.IsExported()
		default:
			return false
		}
	}
}

// undocumented gives the exported types, variables and constants of a declaration that nothing describes. A
// comment over a group counts for each of the group's constants and variables.
func undocumented(fset *token.FileSet, decl *ast.GenDecl) []finding {
	var findings []finding
	report := func(name *ast.Ident) {
		position := fset.Position(name.Pos())
		findings = append(findings, finding{"exported names without a comment", fmt.Sprintf("%s:%d", position.Filename, position.Line), name.Name, 0})
	}
	for _, spec := range decl.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && s.Doc == nil && s.Comment == nil && decl.Doc == nil {
				report(s.Name)
			}
		case *ast.ValueSpec:
			if s.Doc != nil || s.Comment != nil || decl.Doc != nil {
				continue
			}
			for _, name := range s.Names {
				if name.IsExported() {
					report(name)
				}
			}
		}
	}
	return findings
}

// printReport prints the findings by kind, the largest first.
func printReport(findings []finding) {
	slices.SortStableFunc(findings, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(b.size, a.size), cmp.Compare(a.where, b.where))
	})
	last := ""
	for _, f := range findings {
		if f.kind != last {
			fmt.Println(f.kind)
			last = f.kind
		}
		fmt.Printf("  %s: %s\n", f.where, f.what)
	}
	if len(findings) == 0 {
		fmt.Println("nothing to report")
	}
}
