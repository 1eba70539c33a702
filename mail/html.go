package mail

import (
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// longestLink is how long the address of a link may be to be written behind its
// text; longer ones are of trackers, and cost more than the message.
const longestLink = 120

// htmlToText makes the text of a page: paragraphs stand apart, list items begin
// with a dash or their number, cells with a space between, links have their address
// behind them, and what people quote gets "> " before each line. What is not shown is
// left out: scripts, styles, comments, hidden elements.
func htmlToText(page string) string {
	p := &pageText{}
	z := html.NewTokenizer(strings.NewReader(page))
	for p.b.Len() <= 2*len(page)+1000 { // marks of quoting and lists could make it grow without end
		switch z.Next() {
		case html.ErrorToken:
			p.linkEnd()
			return p.b.String()
		case html.TextToken:
			if p.hidden == 0 {
				p.text(string(z.Text()))
			}
		case html.StartTagToken:
			p.start(z.Token())
		case html.SelfClosingTagToken:
			t := z.Token()
			p.start(t)
			if p.hidden > 0 && t.DataAtom == p.hider && !void[t.DataAtom] {
				p.end(t.DataAtom)
			}
		case html.EndTagToken:
			p.end(z.Token().DataAtom)
		default: // comments and what Outlook hides in them
		}
	}
	return p.b.String()
}

// pageText is the text of a page as far as it has been read.
type pageText struct {
	b      strings.Builder
	breaks int       // line ends that are owed before the next text
	space  bool      // a space is
	begun  bool      // there is text
	fresh  bool      // the line has no text yet
	quote  int       // depth of quoting
	pre    int       // within elements that keep their line ends
	hidden int       // within hidden elements of the kind hider
	hider  atom.Atom // the kind
	lists  []int     // the number of the last item of each list around; -1: of a list without
	link   string    // address of the link that text stands in
	linked strings.Builder
}

// deepest bounds lists and quoting.
const deepest = 20

var (
	void = map[atom.Atom]bool{
		atom.Area: true, atom.Base: true, atom.Br: true, atom.Col: true, atom.Embed: true, atom.Hr: true, atom.Img: true,
		atom.Input: true, atom.Link: true, atom.Meta: true, atom.Source: true, atom.Wbr: true,
	}
	// unseen are the elements that have no text for people.
	unseen = map[atom.Atom]bool{
		atom.Head: true, atom.Script: true, atom.Style: true, atom.Title: true, atom.Template: true, atom.Svg: true,
		atom.Object: true, atom.Select: true, atom.Textarea: true, atom.Iframe: true,
	}
	// around gives how many line ends stand before and behind an element.
	around = map[atom.Atom]int{
		atom.P: 2, atom.H1: 2, atom.H2: 2, atom.H3: 2, atom.H4: 2, atom.H5: 2, atom.H6: 2, atom.Table: 1, atom.Ul: 1,
		atom.Ol: 1, atom.Dl: 1, atom.Pre: 2, atom.Blockquote: 2, atom.Hr: 1, atom.Div: 1, atom.Tr: 1, atom.Li: 1, atom.Dt: 1,
		atom.Dd: 1, atom.Section: 1, atom.Article: 1, atom.Header: 1, atom.Footer: 1, atom.Address: 1, atom.Center: 1,
		atom.Form: 1, atom.Fieldset: 1, atom.Main: 1, atom.Nav: 1, atom.Aside: 1, atom.Caption: 1, atom.Figure: 1, atom.Body: 1,
	}
)

// start is a tag that begins an element.
func (p *pageText) start(t html.Token) {
	if p.hidden > 0 {
		if t.DataAtom == p.hider && !void[t.DataAtom] {
			p.hidden++
		}
		return
	}
	if (unseen[t.DataAtom] || isHidden(t)) && !void[t.DataAtom] && t.DataAtom != 0 {
		p.hidden, p.hider = 1, t.DataAtom
		return
	}
	p.newLines(around[t.DataAtom])
	switch t.DataAtom {
	case atom.Body: // ends a head that does not end itself
	case atom.Br:
		p.breaks++
		p.fresh = true
	case atom.Td, atom.Th:
		p.space = p.space || !p.fresh
	case atom.Pre:
		p.pre++
	case atom.Blockquote:
		p.quote = min(p.quote+1, deepest)
	case atom.Ul, atom.Ol:
		p.listStart(t)
	case atom.Li:
		p.item()
	case atom.A:
		p.linkEnd()
		p.link = target(attribute(t, "href"))
	}
}

// end is a tag that ends an element.
func (p *pageText) end(tag atom.Atom) {
	if p.hidden > 0 {
		if tag == p.hider {
			p.hidden--
		}
		return
	}
	if tag == atom.A {
		p.linkEnd()
	}
	p.newLines(around[tag])
	switch tag {
	case atom.Pre:
		p.pre = max(p.pre-1, 0)
	case atom.Blockquote:
		p.quote = max(p.quote-1, 0)
	case atom.Ul, atom.Ol:
		p.lists = p.lists[:max(len(p.lists)-1, 0)]
	case atom.P:
		p.fresh = true
	}
}

func (p *pageText) newLines(n int) {
	if n > 0 {
		p.breaks, p.fresh, p.space = max(p.breaks, n), true, false
	}
}

func (p *pageText) listStart(t html.Token) {
	if len(p.lists) == deepest {
		p.lists = p.lists[:deepest-1]
	}
	number := -1
	if t.DataAtom == atom.Ol {
		first, err := strconv.Atoi(attribute(t, "start"))
		if err != nil {
			first = 1
		}
		number = first - 1
	}
	p.lists = append(p.lists, number)
}

// item writes what stands before an item of a list.
func (p *pageText) item() {
	mark := "- "
	if n := len(p.lists); n > 0 && p.lists[n-1] >= 0 {
		p.lists[n-1]++
		mark = strconv.Itoa(p.lists[n-1]) + ". "
	}
	p.write(mark)
	p.fresh = true
}

// text is what stands between tags: spaces and line ends are one space, unless
// they are kept.
func (p *pageText) text(text string) {
	if p.pre > 0 {
		for i, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
			if i > 0 {
				p.breaks++
			}
			if line != "" {
				p.write(line)
			}
		}
		return
	}
	text = strings.Map(visible, text)
	words := strings.FieldsFunc(text, isSpace)
	if len(words) == 0 {
		p.space = p.space || text != "" && !p.fresh
		return
	}
	if isSpace(rune(text[0])) && !p.fresh {
		p.space = true
	}
	p.write(strings.Join(words, " "))
	p.space = isSpace(rune(text[len(text)-1]))
}

// isSpace tells the spaces that HTML makes one of; a no-break space is text.
func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f' }

// visible drops the characters without width that mails are filled up with.
func visible(r rune) rune {
	switch r {
	case '\u200b', '\u200c', '\u2060', '\ufeff', '\u00ad', '\u034f', '\x00':
		return -1
	}
	return r
}

// write writes words with the line ends and the space that are owed before them.
func (p *pageText) write(words string) {
	if p.begun {
		for range min(p.breaks, 3) {
			p.b.WriteByte('\n')
		}
	}
	if p.breaks > 0 || !p.begun {
		p.b.WriteString(strings.Repeat("> ", p.quote))
	} else if p.space {
		p.b.WriteByte(' ')
	}
	p.b.WriteString(words)
	if p.link != "" {
		p.linked.WriteString(" " + words)
	}
	p.breaks, p.space, p.begun, p.fresh = 0, false, true, false
}

// linkEnd writes the address of a link behind its text, if the text does not
// tell it.
func (p *pageText) linkEnd() {
	text, link := strings.TrimSpace(p.linked.String()), p.link
	p.link = ""
	p.linked.Reset()
	if text != "" {
		p.b.WriteString(besides(text, link))
	}
}

// besides gives what of a link's address is written behind its text: nothing, if
// the text tells it.
func besides(text, link string) string {
	if link == "" || len(link) > longestLink || strings.Contains(bare(text), bare(link)) {
		return ""
	}
	return " (" + link + ")"
}

// bare takes from an address what people leave out when they write it.
func bare(link string) string {
	link = strings.ToLower(link)
	link = strings.TrimPrefix(strings.TrimPrefix(link, "https://"), "http://")
	return strings.TrimSuffix(strings.TrimPrefix(link, "www."), "/")
}

// target gives the address that a link leads to: of the web only, and behind the
// one that Microsoft's filter puts before it.
func target(link string) string {
	link = strings.TrimSpace(link)
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	if strings.HasSuffix(u.Hostname(), ".safelinks.protection.outlook.com") {
		if inner := u.Query().Get("url"); inner != "" && !strings.Contains(inner, "safelinks.protection") {
			return target(inner)
		}
	}
	return link
}

func attribute(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// isHidden tells an element that a reader does not see.
func isHidden(t html.Token) bool {
	for _, a := range t.Attr {
		if a.Key == "hidden" {
			return true
		}
		if a.Key == "style" {
			style := strings.ToLower(strings.Join(strings.Fields(a.Val), ""))
			return strings.Contains(style, "display:none") || strings.Contains(style, "mso-hide:all")
		}
	}
	return false
}

// charsetOfPage finds <meta charset> in both of its forms.
var charsetOfPage = onDemand(`(?i)<meta[^>]{0,200}charset=["']?([a-z0-9_:.-]{1,40})`)

// htmlCharset gives the charset of a page: the declared one, else the page's own.
func htmlCharset(declared string, page []byte) string {
	if declared != "" {
		return declared
	}
	if found := charsetOfPage().FindSubmatch(page[:min(len(page), 4096)]); found != nil {
		return string(found[1])
	}
	return ""
}
