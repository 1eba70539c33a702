package web

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// refuseIn are the places whose refusals pages show: patterns of files.
func refuseIn() []string {
	return []string{
		"../account/*.go", "../alarm/*.go", "../billing/*.go", "../command/*.go", "../config/*.go", "../connector/*.go", "../directory/*.go", "../filter/*.go",
		"../gateway/*.go", "../message/*.go", "../resource/*.go", "../rota/*.go", "../route/*.go", "../sheet/*.go", "../app/resources*.go",
		"../api/rest_config*.go", "../api/rest_keys*.go", "../api/rest_lists.go", "../api/rest_hours.go", "../api/rest_money.go", "../api/rest_optouts.go",
		"../api/rest_people*.go", "../api/rest_link*.go", "../api/rest_recipients.go", "../api/rest_routes.go", "../api/rest_users*.go", "../api/rest_web*.go",
	}
}

// neverShown are refusals in those places that no page can meet with: what its requests never say.
func neverShown() []string {
	return []string{
		"%s %s", "%q: %v", "the position is not a number from 1", "there is no parameter %q here; account is known",
		`If-Match is not the ETag of a setting, such as "12"`, `If-Match is not an ETag of this interface, such as "12"`,
		"the record is read from its end: sort=-at", "key and the header Idempotency-Key differ", "by is name or mail", "%s is true or false",
		"repeats is one of change, skip and refuse", `the body is empty; each line is a contact such as {"name":"Anna","mobile":"+46701234567"}`,
		"the line has more than %s", "template and text exclude each other, and so do template and data", "to and recipients exclude each other",
		"variables are put into texts, not into data", "encoding: %q is not one of auto, gsm7, ucs2, latin1", "interface: %q is not one of %s",
		"an invitation takes no key: each makes a new link, which takes the place of the one before", "a logo is uploaded as a picture: PUT /v1/web/logo",
		"%s is for lists; all that the filters name is removed", "account is missing: whose dead letters are removed",
		"nothing says what is replayed: from, to or both, ids, dead or to_current", "to_current is for one account: say which",
	}
}

// Every refusal that pages may show is known in Swedish.
func TestRefusals(t *testing.T) {
	t.Parallel()
	table, found := swedishPhrases(t), 0
	for _, pattern := range refuseIn() {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, format := range refusalsIn(t, file) {
				if found++; !saidBy(table, format) && !slices.Contains(neverShown(), format) {
					t.Errorf("%s: there is no Swedish for %q", file, format)
				}
			}
		}
	}
	if found < 500 {
		t.Errorf("%d refusals were found only", found)
	}
}

// refusalsIn gives the sentences by which the functions of a file refuse something, as formats.
func refusalsIn(t *testing.T, file string) (formats []string) {
	t.Helper()
	tree, err := parser.ParseFile(gotoken.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	parses := slices.Contains([]string{"route", "resource", "message", "directory", "account", "billing", "rota", "sheet"}, filepath.Base(filepath.Dir(file)))
	ast.Inspect(tree, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if callee := calleeOf(call); parses && (callee == "Errorf" || callee == "New") {
			if format, written := formatOf(call); written && strings.Contains(format, " ") && !strings.Contains(format, "%w") {
				formats = append(formats, format)
			}
			return true
		}
		at := -1 // of the sentence among the arguments
		switch calleeOf(call) {
		case "Wrong":
			at = 0
		case "report", "within", "wrong", "reportf":
			at = 1
		case "Fail", "Refuse", "refusePeople", "bad":
			at = 2
		case "faulty":
			at = 3
		}
		if at < 0 || at >= len(call.Args) {
			return true
		}
		if format, written := refusalOf(call.Args[at], calleeOf(call)); written && strings.Contains(format, " ") {
			formats = append(formats, format)
		}
		return true
	})
	return formats
}

// refusalOf gives the sentence of an argument: of a function that takes a format that, else a text.
func refusalOf(e ast.Expr, callee string) (format string, written bool) {
	text, literal := e.(*ast.BasicLit)
	if !literal || text.Kind != gotoken.STRING || slices.Contains([]string{"report", "within"}, callee) {
		return formatOf(e)
	}
	format, written = formatOf(e)
	return strings.ReplaceAll(format, "%%", "%"), written
}
