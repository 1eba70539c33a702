package api

import (
	"slices"
	"strings"
	"testing"
)

// Columns are known by what people call them in English and Swedish; a number is the mobile where nothing else is.
func TestHeadings(t *testing.T) {
	t.Parallel()
	for head, want := range map[string]string{
		"name,mobile,ward": "name mobile ward",
		"Namn,Mobil,E-post,Personsökare,Språk,Anteckning":    "name mobile mail pager language note",
		"Name,Mobile,Pager,Mail,Language,Note":               "name mobile pager mail language note",
		"NAMN, nummer ,Avdelning":                            "name mobile Avdelning",
		"Namn,Telefon,Mobilnummer":                           "name Telefon mobile",
		"Full name,Phone,E-mail address,Other addresses":     "name mobile mail addresses",
		"namn,Andra adresser,Meddelanden går till,id,Fields": "name addresses usual id fields",
		"Namn,Grupp":      "name group",
		"groups,note":     "group note",
		"phone,tel":       "mobile tel",
		"Namn,name":       "",
		"Mobil,mobile":    "",
		"Telefon nr,Namn": "",
		"":                "",
	} {
		columns, p := csvColumns(strings.Split(head, ","))
		if got := strings.Join(columns, " "); got != want || (p == nil) != (want != "") {
			t.Errorf("%q is %q, %v; want %q", head, got, p, want)
		}
	}
	for field, words := range headings() {
		for _, word := range words {
			if word != strings.ToLower(word) || fieldOf(word) != field || slices.Contains(phoneHeadings(), word) {
				t.Errorf("%q is not %s alone", word, field)
			}
		}
	}
}
