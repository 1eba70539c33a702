package web

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kurir/message"
)

// spokenIn are the functions of other packages whose texts pages show: every sentence in them has to be known in Swedish.
func spokenIn() map[string][]string {
	return map[string][]string{
		"../gateway/query.go":             {"Trace", "shortened", "traceEntry"},
		"../gateway/waits.go":             {"waits", "explain", "messagesWait"},
		"../gateway/candidates.go":        {"unfit", "skippedWords", "particular"},
		"../gateway/answer.go":            {"answer", "unanswerable", "answerable", "forward"},
		"../gateway/command.go":           {"run"},
		"../gateway/mail_explain.go":      {"explainSteps", "explainStep", "explainAddress", "explainDefault"},
		"../gateway/on_duty.go":           {"again", "explainRota"},
		"../gateway/inbound_explain.go":   {"explainOptOut", "explainTie", "explain"},
		"../gateway/inbound_match.go":     {"why", "leads", "showTarget"},
		"../gateway/action.go":            {"String"},
		"../gateway/clash.go":             {"Sentence", "clashesOf"},
		"../route/table.go":               {"Explain"},
		"../route/handling.go":            {"how"},
		"../route/condition.go":           {"why"},
		"../route/fallback.go":            {"Sentence"},
		"../route/week.go":                {"Why"},
		"../message/address_explain.go":   {"Explain", "why"},
		"../command/run.go":               {"Run"},
		"../message/regular.go":           {"RegularProblem"},
		"../message/mail.go":              {"MailboxProblem"},
		"../message/pattern.go":           {"CallingCodeProblem", "NameProblem"},
		"../message/dimension.go":         {"dimensionValueProblem"},
		"../message/tlv.go":               {"tagProblem"},
		"../message/hostport.go":          {"HostPortProblem"},
		"../message/amount.go":            {"CurrencyProblem"},
		"../message/week.go":              {"ParseSpan", "ParseMoment"},
		"../account/user.go":              {"PasswordProblem"},
		"../account/scope.go":             {"scopeProblem"},
		"../account/logo.go":              {"ReadLogo", "DecodePicture"},
		"../account/key.go":               {"ParseExpiry"},
		"../config/rotas.go":              {"rotaProblem"},
		"../config/check.go":              {"known"},
		"../rota/owned.go":                {"ownMailProblem"},
		"../gateway/register.go":          {"label"},
		"../directory/contact.go":         {"calledProblem", "noteProblem", "mailProblem", "languageProblem", "VariableProblem"},
		"../directory/contact_address.go": {"labelProblem"},
		"../directory/template.go":        {"textProblem"},
		"../route/sender.go":              {"SenderPatternProblem"},
	}
}

// pieces are those that stand in a sentence only together with others; each has such a sentence in the table.
func pieces() []string {
	return []string{
		"; %s is skipped for the sender %s: it %s", "goes by %s%s", ", then ", ", by weight", ", the cheapest first", ", the least loaded first", ", type %d and plan %d",
		", which %s wrote as a mail", "it %s", "the %s", "; it may send again what was taken, after a negative receipt", ", which answers the phone",
		", if the text ends with a one-time code", "mail to %s", "command %s", "%s, which answers", "%s, which answers the phone", "kannel %s %s", "%s %s", ": %s",
		"has the same conditions as %s, which comes first; %s", "can never match, for %s comes first and takes it all; %s", "%s: %s", "%s comes first; else: %s",
	}
}

func swedishPhrases(t testing.TB) map[string]string {
	t.Helper()
	table, err := pairsOf("phrases")
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// Every sentence that other packages write for pages is known in Swedish.
func TestPhrases(t *testing.T) {
	t.Parallel()
	table := swedishPhrases(t)
	for file, functions := range spokenIn() {
		for _, format := range formatsIn(t, file, functions) {
			if !saidBy(table, format) && !slices.Contains(pieces(), format) {
				t.Errorf("%s: there is no Swedish for %q", file, format)
			}
		}
	}
}

// saidBy tells whether a format is known, without the name of a field in front.
func saidBy(table map[string]string, format string) bool {
	field, rest, named := strings.Cut(format, ": ")
	return table[format] != "" || rest == "%v" || rest == "%s" || named && !strings.ContainsAny(field, " \"") && table[rest] != ""
}

// What is put into Swedish has a place for each value that is named, and a format is found again in what it makes.
func TestPhrasesAreWhole(t *testing.T) {
	t.Parallel()
	for format, said := range swedishPhrases(t) {
		one := parsePhrase(format)
		given, next := make([]bool, len(one.verbs)), 0
		for _, m := range verb.FindAllStringSubmatch(said, -1) {
			if m[2] == "%" {
				continue
			}
			if next++; m[1] != "" {
				next, _ = strconv.Atoi(m[1])
			}
			if next < 1 || next > len(given) {
				t.Fatalf("%q: there is no value %d in %q", said, next, format)
			}
			given[next-1] = true
		}
		if slices.Contains(given, false) || said == "" {
			t.Errorf("%q does not say all of %q", said, format)
		}
	}
}

// Sentences are recognised with their values, within each other and beside others; what is not known stays.
func TestPhrasesSay(t *testing.T) {
	t.Parallel()
	p := newPhrases(swedishPhrases(t))
	for text, want := range map[string]string{
		"by REST": "via REST",
		"recipient +46701234567 does not match to: +47*":                                                     "mottagaren +46701234567 passar inte to: +47*",
		"goes by op1, then op2, by weight":                                                                   "går via op1, sedan op2, efter vikt",
		"goes by op1; op2 is skipped for the sender Firma: it carries short codes":                           "går via op1; op2 hoppas över för avsändaren Firma: den bär short codes",
		"12 messages of the account wait for its rate, 5 parts a second":                                     "12 meddelanden från kontot väntar på sin takt, 5 delar per sekund",
		"0.05 or 0.07 EUR a part, paid by acme when it is delivered":                                         "0.05 or 0.07 EUR per del, betalas av acme när det är levererat",
		"1 message waits for the link":                                                                       "1 meddelande väntar på förbindelsen",
		"it was not taken, for " + message.Absent.Sentence("") + "; it is tried again later":                 "det togs inte emot, för " + message.Absent.Sentence("sv") + "; det försöks igen senare",
		`the first word "in %d fo" does not match keyword: stop`:                                             `det första ordet "in %d fo" passar inte keyword: stop`,
		"lookup took 1.2s: it was killed after 1s, its time limit":                                           "lookup tog 1.2s: det avbröts efter 1s, dess tidsgräns",
		"the rule a (inbound[1]): can never match, for the rule b (inbound[0]) comes first and takes it all": "regeln a (inbound[1]): kan aldrig passa, för regeln b (inbound[0]) kommer först och tar allt",
	} {
		if said, ok := p.say(text); !ok || said != want {
			t.Errorf("%q became %q, want %q", text, said, want)
		}
	}
	for _, text := range []string{"", "SMSC: the subscriber is gone", "that call took too long", "by the network of the phone", "%s", "{", "; ;"} {
		if said, ok := p.say(text); ok || said != text {
			t.Errorf("%q became %q", text, said)
		}
	}
}

// FuzzPhrases: whatever a text is, it is put into Swedish or stays.
func FuzzPhrases(f *testing.F) {
	p := newPhrases(swedishPhrases(f))
	for _, text := range []string{"goes by op1, then op2, by weight", "a: b: c; d", "%[9]s %d", "it was not taken, for x; it is tried again later"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if said, ok := p.say(text); !ok && said != text {
			t.Errorf("%q became %q", text, said)
		}
	})
}

// formatsIn gives the sentences in some functions of a file, as formats of package fmt.
func formatsIn(t *testing.T, file string, functions []string) (formats []string) {
	t.Helper()
	tree, err := parser.ParseFile(gotoken.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, d := range tree.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && slices.Contains(functions, f.Name.Name) {
			found = true
			ast.Inspect(f.Body, func(n ast.Node) bool { return gather(n, &formats) })
		}
	}
	if !found {
		t.Errorf("%s has none of %v", file, functions)
	}
	return formats
}

// gather adds the format of an expression that is a sentence, and tells whether to look into it for others. What the log and errors say
// is none.
func gather(n ast.Node, formats *[]string) bool {
	if call, ok := n.(*ast.CallExpr); ok {
		switch calleeOf(call) {
		case "Info", "Warn", "Error", "Debug", "Format":
			return false
		}
	}
	e, ok := n.(ast.Expr)
	if !ok {
		return true
	}
	format, whole := formatOf(e)
	if whole && strings.Contains(format, " ") && len(strings.TrimSpace(format)) > 2 {
		*formats = append(*formats, format)
	}
	return !whole
}

// formatOf gives a text expression as a format; false if it is none that is written out.
func formatOf(e ast.Expr) (format string, written bool) {
	switch x := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(x.Value); x.Kind == gotoken.STRING && err == nil {
			return strings.ReplaceAll(text, "%", "%%"), true
		}
	case *ast.ParenExpr:
		return formatOf(x.X)
	case *ast.BinaryExpr:
		if x.Op == gotoken.ADD {
			left, one := formatOf(x.X)
			right, other := formatOf(x.Y)
			return left + right, one || other
		}
	case *ast.CallExpr:
		at := map[string]int{"Sprintf": 0, "Errorf": 0, "New": 0, "Fprintf": 1}[calleeOf(x)]
		if slices.Contains([]string{"Sprintf", "Errorf", "New", "Fprintf"}, calleeOf(x)) && len(x.Args) > at {
			if text, ok := x.Args[at].(*ast.BasicLit); ok {
				plain, err := strconv.Unquote(text.Value)
				return plain, err == nil
			}
		}
	}
	return "%s", false
}

func calleeOf(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}
