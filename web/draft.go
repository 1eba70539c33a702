package web

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"kurir/directory"
	"kurir/message"
)

// Files with recipients are kept in memory between their upload and the sending, within bounds: the oldest go first.
const (
	draftsMost   = 64
	draftsOf     = 5        // of one user
	draftsOctets = 64 << 20 // of all
	draftsAtOnce = 4        // files that are taken apart at a time: a workbook or a picture takes many times its size
	draftsComing = 32       // files that are being sent,
	draftsSlow   = 2        // and those of one user, who may be slow
	draftLife    = 2 * time.Hour
)

// draft is a table of recipients that somebody has sent.
type draft struct {
	token, user, account string
	at                   time.Time
	size                 int // octets of memory, about

	Name    string // of the file
	columns []draftColumn
	phone   int // number of the column with the phone, as it is recognised
	rows    []draftRow

	contacts []byte // of a file with contacts that is tried before it is brought in; nil for one with recipients
}

// draftColumn is a column as people call it, and the placeholder by which a text has it.
type draftColumn struct{ Title, Var string }

// draftRow is a row of the file and its number there, from 1.
type draftRow struct {
	number int
	cells  []string
}

// cell is what stands in a column; empty where the row ends before it.
func (r *draftRow) cell(i int) string {
	if i < len(r.cells) {
		return r.cells[i]
	}
	return ""
}

// drafts are those of this server. It is safe for concurrent use.
type drafts struct {
	reading chan struct{} // a token for each file that is taken apart
	mu      sync.Mutex
	list    []*draft       // the oldest first
	coming  map[string]int // files that are being sent, by user
	all     int            // of them
}

func newDrafts() *drafts {
	return &drafts{reading: make(chan struct{}, draftsAtOnce), coming: map[string]int{}}
}

// receive has a user send a file, which waits for nobody else's to come: whoever sends slowly has a few places only. It is false if there
// is none.
func (s *drafts) receive(user string) (done func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= draftsComing || s.coming[user] >= draftsSlow {
		return nil, false
	}
	s.all++
	s.coming[user]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all--
		if s.coming[user]--; s.coming[user] == 0 {
			delete(s.coming, user)
		}
	}, true
}

// read waits for a place to take apart a file that is here as a whole; the error is the context's.
func (s *drafts) read(ctx context.Context, do func() error) error {
	select {
	case s.reading <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.reading }()
	return do()
}

// keep keeps a draft and gives it a token.
func (s *drafts) keep(d *draft, now time.Time) {
	d.token, d.at = rand.Text(), now
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = slices.DeleteFunc(s.list, func(have *draft) bool { return now.Sub(have.at) > draftLife })
	own, octets := 0, d.size
	for i, have := range slices.Backward(s.list) {
		if have.user == d.user {
			own++
		}
		octets += have.size
		if own >= draftsOf && have.user == d.user || octets > draftsOctets || len(s.list)-i >= draftsMost {
			s.list = slices.Delete(s.list, i, i+1)
			octets -= have.size
		}
	}
	s.list = append(s.list, d)
}

// find gives the draft of a token if it is the user's, made for the account; nil for none.
func (s *drafts) find(token, user, account string, now time.Time) *draft {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.list {
		if token != "" && d.token == token && d.user == user && d.account == account && now.Sub(d.at) <= draftLife {
			return d
		}
	}
	return nil
}

// phoneColumns are what people call the column with the phone, without case, marks and signs.
var phoneColumns = []string{
	"mobile", "mobil", "mobilnummer", "mobilenumber", "mobiltelefon", "mobilephone", "cell", "cellphone", "phone", "phonenumber", "telefon", "telefonnummer", "tel",
	"nummer", "number", "msisdn", "to", "till", "sms", "recipient", "mottagare",
}

// recognise takes the names of columns out of the first row, if that has no phone, and finds the column of the phone: by its name,
// or else the one with most phones in its first rows.
func (d *draft) recognise(number func(string) (message.Address, error)) {
	phone := func(text string) bool {
		if strings.ContainsFunc(text, unicode.IsLetter) || len(text) < 5 {
			return false
		}
		_, err := number(text)
		return err == nil
	}
	var titles []string
	if len(d.rows) > 0 && !slices.ContainsFunc(d.rows[0].cells, phone) {
		titles, d.rows = d.rows[0].cells, d.rows[1:]
	}
	wide := len(titles)
	for i := range d.rows {
		wide = max(wide, len(d.rows[i].cells))
	}
	taken := map[string]bool{}
	for i := range wide {
		title := ""
		if i < len(titles) {
			title = titles[i]
		}
		d.columns = append(d.columns, columnOf(title, i, taken))
	}
	d.phone = slices.IndexFunc(d.columns, func(c draftColumn) bool {
		return slices.Contains(phoneColumns, strings.Map(lettersOnly, directory.Fold(c.Title)))
	})
	if d.phone < 0 {
		d.phone = d.likely(phone)
	}
}

// likely is the column with most phones in the first rows; the first where none has any.
func (d *draft) likely(phone func(string) bool) (column int) {
	most := 0
	for i := range d.columns {
		n := 0
		for k := range d.rows[:min(len(d.rows), 50)] {
			if phone(d.rows[k].cell(i)) {
				n++
			}
		}
		if n > most {
			column, most = i, n
		}
	}
	return column
}

func lettersOnly(r rune) rune {
	if unicode.IsLetter(r) {
		return r
	}
	return -1
}

// columnOf makes the placeholder of a column from its title: what no name of a variable has becomes an underscore.
func columnOf(title string, i int, taken map[string]bool) draftColumn {
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '_'
	}, strings.ToLower(title))
	if title == "" {
		title = columnLetters(i)
		name = strings.ToLower(title)
	}
	if directory.VariableProblem(name) != "" {
		name = "column_" + strings.ToLower(columnLetters(i))
	}
	if taken[name] {
		name += "_" + strings.ToLower(columnLetters(i))
	}
	taken[name] = true
	return draftColumn{title, name}
}

// columnLetters is how spreadsheets call a column: A, B ... Z, AA.
func columnLetters(i int) string {
	text := ""
	for i++; i > 0; i = (i - 1) / 26 {
		text = string(rune('A'+(i-1)%26)) + text
	}
	return text
}
