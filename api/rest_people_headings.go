package api

import (
	"net/http"
	"slices"
	"strings"

	"kurir/directory"
)

// headings are what people write above the columns of contacts, in English and Swedish and in small letters, by the field that it is.
// Exports of the web pages have the first of each language.
func headings() map[string][]string {
	return map[string][]string{
		"name":      {"namn", "full name", "fullständigt namn"},
		"mobile":    {"mobil", "mobile phone", "mobile number", "mobiltelefon", "mobilnummer", "mobilnr", "cell phone"},
		"pager":     {"personsökare", "sökare"},
		"mail":      {"e-post", "e-mail", "email", "epost", "e-mail address", "e-postadress", "mail address", "mailadress"},
		"language":  {"språk"},
		"note":      {"anteckning", "notering", "comment", "kommentar"},
		groupColumn: {"groups", "grupp", "grupper"},
		"addresses": {"other addresses", "andra adresser"},
		"usual":     {"messages go to", "meddelanden går till"},
	}
}

// phoneHeadings say that a column has numbers, which are mobiles where no other column has those.
func phoneHeadings() []string {
	return []string{"number", "nummer", "phone", "telefon", "phone number", "telefonnummer", "tel", "tel."}
}

// fieldOf gives the field of a contact that a heading means; empty for none.
func fieldOf(heading string) string {
	lower := strings.ToLower(heading)
	if contactColumns[lower] != nil || lower == "fields" || lower == "addresses" || lower == groupColumn || slices.Contains(ofExports, lower) {
		return lower
	}
	for field, words := range headings() {
		if slices.Contains(words, lower) {
			return field
		}
	}
	return ""
}

// csvColumns reads the names of the columns.
func csvColumns(cells []string) ([]string, *problem) {
	columns := make([]string, len(cells))
	for i, cell := range cells {
		columns[i] = fieldOf(strings.TrimSpace(cell))
	}
	for i, cell := range cells {
		heading := strings.TrimSpace(cell)
		switch {
		case columns[i] != "":
		case slices.Contains(phoneHeadings(), strings.ToLower(heading)) && !slices.Contains(columns, "mobile"):
			columns[i] = "mobile"
		case directory.VariableProblem(heading) != "":
			return nil, faulty(http.StatusUnprocessableEntity, codeBadValue, clip(heading), "the column %q %s", clip(heading), directory.VariableProblem(heading))
		default:
			columns[i] = heading
		}
	}
	for i, name := range columns {
		if at := slices.Index(columns, name); at < i {
			return nil, faulty(http.StatusUnprocessableEntity, codeTwice, clip(name), "the column %s is there twice: %q and %q", clip(name), clip(cells[at]), clip(cells[i]))
		}
	}
	return columns, nil
}
