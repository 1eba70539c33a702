package app_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"kurir/gateway"
)

// restPaths are the paths that package api registers, read from its source: ServeMux does not tell them.
func restPaths(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../api/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		each := map[string][]string{} // what a variable of a loop goes through
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.RangeStmt:
				if v, ok := n.Value.(*ast.Ident); ok {
					each[v.Name] = loopWords(n.X)
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "rest" {
					found := spelled(n.Args[0], each)
					if len(found) == 0 {
						t.Errorf("%s: a path that this test cannot read", name)
					}
					paths = append(paths, found...)
				}
			}
			return true
		})
	}
	if len(paths) < 50 {
		t.Fatalf("only %d paths are found", len(paths))
	}
	slices.Sort(paths)
	return paths
}

// loopWords are the texts that a loop goes through.
func loopWords(x ast.Expr) (words []string) {
	switch x := x.(type) {
	case *ast.CompositeLit:
		for _, e := range x.Elts {
			words = append(words, spelled(e, nil)...)
		}
	case *ast.CallExpr:
		if f, ok := x.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "QueueActs" {
			for _, act := range gateway.QueueActs() {
				words = append(words, string(act))
			}
		}
	}
	return words
}

// spelled gives every text that an expression can be.
func spelled(x ast.Expr, each map[string][]string) (texts []string) {
	switch x := x.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(x.Value); err == nil {
			return []string{text}
		}
	case *ast.Ident:
		return each[x.Name]
	case *ast.CallExpr: // string(act)
		return spelled(x.Args[0], each)
	case *ast.BinaryExpr:
		for _, left := range spelled(x.X, each) {
			for _, right := range spelled(x.Y, each) {
				texts = append(texts, left+right)
			}
		}
	}
	return texts
}

// restCalls are the methods and paths of REST: "GET /v1/messages".
func restCalls(t *testing.T, c *caller) (calls []string) {
	t.Helper()
	for _, path := range restPaths(t) {
		got := c.do(t, "", "OPTIONS", path, "")
		if got.status != http.StatusMethodNotAllowed || got.allow == "" {
			t.Errorf("%s: %d, no methods are named", path, got.status)
		}
		for method := range strings.SplitSeq(got.allow, ", ") {
			calls = append(calls, method+" "+path)
		}
	}
	return calls
}

// readAnswer reads the body of an answer, of a stream without end what it begins with.
func readAnswer(resp *http.Response) ([]byte, error) {
	if resp.Header.Get("Content-Type") != "text/event-stream" {
		return io.ReadAll(resp.Body)
	}
	var text []byte
	for b := bufio.NewReader(resp.Body); !bytes.HasSuffix(text, []byte("\n\n")); {
		line, err := b.ReadBytes('\n')
		text = append(text, line...)
		if err == io.EOF { // HEAD
			return text, nil
		}
		if err != nil {
			return text, err
		}
	}
	return text, nil
}

// caller makes requests to a server over connections that it keeps.
type caller struct {
	address string
	client  *http.Client
	calls   int
	longest time.Duration
	slowest string
}

func newCaller(t *testing.T, s *server) *caller {
	transport := &http.Transport{ExpectContinueTimeout: 10 * time.Second}
	t.Cleanup(transport.CloseIdleConnections)
	return &caller{address: "http://" + s.HTTPAddr().String(), client: &http.Client{
		Transport: transport, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answered is what came back.
type answered struct {
	status      int
	kind, allow string
	body        string
	challenge   string // WWW-Authenticate
}

// code is that of a problem document.
func (a *answered) code() string {
	var d struct{ Code string }
	_ = json.Unmarshal([]byte(a.body), &d) // then it is none
	return d.Code
}

// do makes a request with a key, or without one; headers are names and values.
func (c *caller) do(t *testing.T, key, method, path, body string, headers ...string) answered {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, c.address+path, strings.NewReader(body))
	if err != nil {
		t.Fatalf("%s %.200s: %v", method, path, err)
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	began := time.Now()
	resp, err := c.client.Do(req)
	if err != nil {
		t.Fatalf("%s %.200s: %v", method, path, err)
	}
	defer resp.Body.Close()
	text, err := readAnswer(resp)
	if err != nil {
		t.Fatalf("%s %.200s: %v", method, path, err)
	}
	c.calls++
	if took := time.Since(began); took > c.longest {
		c.longest, c.slowest = took, fmt.Sprintf("%s %.120s", method, path)
	}
	return answered{resp.StatusCode, resp.Header.Get("Content-Type"), resp.Header.Get("Allow"), string(text), resp.Header.Get("WWW-Authenticate")}
}
