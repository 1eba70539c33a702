package web

import (
	"strconv"

	"kurir/directory"
	"kurir/gateway"
)

// rowsShown is how many rows are shown filled in, and doubles and mistakes are pointed out.
const rowsShown = 5

// fileView is what the page tells of a file.
type fileView struct {
	Name, Token string
	Columns     []draftColumn
	Phone       int
	Rows        int       // of the file
	Good        int       // that get a message
	Shown       []fileRow // the first good ones
	Bad         []badLine // that get none; the first of them
	BadRows     int
	Twice       []badLine // those whose phone stands further up, likewise
	TwiceRows   int
}

// fileRow is a row as its phone gets it.
type fileRow struct {
	Number   int
	To, Text string
}

// columnOf is the column with the phone that the form names, or the recognised one.
func (d *draft) column(f *composeForm) int {
	if i, err := strconv.Atoi(f.Column); err == nil && i >= 0 && i < len(d.columns) {
		return i
	}
	return d.phone
}

// draft gives the file of a form; nil where it has none, or that is gone.
func (v *visit) draft(f *composeForm) *draft {
	return v.drafts.find(f.File, v.user.Name, v.account.Name, v.Now())
}

// each goes through the rows of a file: use gets the recipient of each good one, with its number as it is sent to, and the text.
func (v *visit) each(d *draft, f *composeForm, view *fileView, use func(row *draftRow, to gateway.MailTo, text string)) {
	text, wrong := directory.ParseText(f.Text)
	seen := make(map[string]int, len(d.rows))
	for i := range d.rows {
		row := &d.rows[i]
		phone := row.cell(view.Phone)
		address, err := v.number(phone)
		first, twice := seen[address.Number]
		filled, missing := "", ""
		to := gateway.MailTo{To: phone, Variables: d.variables(row, f)}
		if wrong == nil {
			filled, missing = text.Fill(func(name string) (string, bool) { v, ok := to.Variables[name]; return v, ok })
		}
		switch {
		case err != nil:
			view.bad(row.number, phone, v.words(v.lang(), "compose.nonumber"))
		case twice:
			view.TwiceRows++
			if len(view.Twice) < rowsShown {
				view.Twice = append(view.Twice, badLine{row.number, phone, strconv.Itoa(first)})
			}
		case missing != "":
			view.bad(row.number, phone, v.words(v.lang(), "file.missing", missing))
		default:
			seen[address.Number] = row.number
			view.Good++
			use(row, to, filled)
		}
	}
}

func (f *fileView) bad(number int, text, why string) {
	f.BadRows++
	if len(f.Bad) < maxBad {
		f.Bad = append(f.Bad, badLine{number, text, why})
	}
}

// variables are what the placeholders stand for in the text for a row: its cells, else what the form says for all.
func (d *draft) variables(row *draftRow, f *composeForm) map[string]string {
	vars := make(map[string]string, len(d.columns)+len(f.Vars))
	for name, value := range f.Vars {
		vars[name] = value
	}
	for i, c := range d.columns {
		if value := row.cell(i); value != "" {
			vars[c.Var] = value
		}
	}
	return vars
}

// fileView tells of a form's file; nil where it has none.
func (v *visit) fileView(f *composeForm) *fileView {
	d := v.draft(f)
	if d == nil {
		return nil
	}
	view := v.fileOf(d, f)
	v.each(d, f, view, func(row *draftRow, to gateway.MailTo, text string) {
		if len(view.Shown) < rowsShown {
			view.Shown = append(view.Shown, fileRow{row.number, to.To, text})
		}
	})
	return view
}

func (v *visit) fileOf(d *draft, f *composeForm) *fileView {
	return &fileView{Name: d.Name, Token: d.token, Columns: d.columns, Phone: d.column(f), Rows: len(d.rows)}
}

// fileRecipients are the recipients of a form's file.
func (v *visit) fileRecipients(f *composeForm) ([]gateway.MailTo, *formError) {
	if f.File == "" {
		return nil, nil
	}
	d := v.draft(f)
	if d == nil {
		return nil, &formError{Field: "to", Key: "file.gone"}
	}
	if _, err := directory.ParseText(f.Text); err != nil {
		return nil, &formError{Field: "text", Key: "compose.badtext", Detail: v.inWords(err.Error())}
	}
	view, list := v.fileOf(d, f), []gateway.MailTo(nil)
	v.each(d, f, view, func(_ *draftRow, to gateway.MailTo, _ string) { list = append(list, to) })
	if len(list) == 0 {
		return nil, &formError{Field: "to", Key: "file.nobody", Lines: view.Bad}
	}
	return list, nil
}

// sample is the first good row of a form's file, by which the text is measured.
func (v *visit) sample(f *composeForm) (to gateway.MailTo, ok bool) {
	d := v.draft(f)
	if d == nil {
		return to, false
	}
	head := *d
	head.rows = d.rows[:min(len(d.rows), 50)]
	v.each(&head, f, v.fileOf(d, f), func(_ *draftRow, one gateway.MailTo, _ string) {
		if !ok {
			to, ok = one, true
		}
	})
	return to, ok
}
