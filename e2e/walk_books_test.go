package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// upload is a file with some content, of a name, for a field of the page.
func (w *walk) upload(selector, name, content string) {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.chooses(selector, path)
	w.shows(`document.querySelector("`+selector+`").files[0]?.name`, name)
}

// makesContact makes a contact by the form of a book: pairs of the identity of a field and a text.
func (w *walk) makesContact(book string, pairs ...string) {
	w.t.Helper()
	w.open(book+"/contacts/new", "New contact")
	w.fill(pairs...)
	w.leads("form.card button.main", pairs[1])
	w.shows(saidOf("p.note[role=status]"), "Kept.")
}

// TestWalkBooks keeps address books, as whoever keeps contacts does, on the width of a phone: contacts one by one and from a file with
// mistakes, out again as files, duplicates made one, a book of one's own, groups; and writes to them, from suggestions, with templates.
func TestWalkBooks(t *testing.T) {
	t.Parallel()
	w := startWalk(t, onPhone)
	w.step("a contact with a mistake first", func() {
		w.open("/contacts", "The company's contacts")
		w.leads(`a[href="/contacts/new"]`, "New contact")
		w.fill("c-name", "Anna Berg", "c-mobile", "12x", "c-fields", "ward: 4")
		w.leads("form.card button.main", "New contact")
		w.shows(`document.querySelector("#c-mobile[aria-invalid=true] + .alert") ? "beside the field" : ""`, "beside the field")
		w.shows(`document.getElementById("c-fields").value`, "ward: 4") // what was typed stays
		w.fill("c-mobile", "070-123 45 67")
		w.leads("form.card button.main", "Anna Berg")
		w.shows(`document.getElementById("c-mobile").value`, "+46701234567")
	})
	w.step("a file with mistakes is tried, then imported into a group", func() {
		w.open("/contacts/import", "Import contacts")
		w.upload("#i-file", "staff.csv", "name;mobile;mail;ward\nAnna Berg;0701234567;anna@example.com;5\nBo Ek;070-123 45 68;;7\nEva;12x;;7\n=1+1;0701234569;;\nAnna  Berg;0701234570;;\n")
		w.fill("i-group", "Nurses")
		w.leads("form.card button.main", "Import contacts")
		w.shows(saidOf(".large"), "Nothing is changed yet. This is what would happen: 3 new, 1 changed, 0 as they were, 0 skipped, 1 wrong")
		w.shows(holds("main", "There is no group Nurses yet. It is made."), "yes")
		w.shows(`document.querySelector("tbody tr").cells[0].textContent + document.querySelector("tbody tr").cells[1].textContent`, "4wrong") // the mistake first
		if contacts := w.asks("GET", "/v1/contacts", ""); bytes.Contains(contacts, []byte("Bo Ek")) {
			t.Error("to look changed something")
		}
		w.leads(`form[action$="/do"] button`, "Import contacts")
		w.shows(saidOf(".large"), "This is done: 3 new, 1 changed, 0 as they were, 0 skipped, 1 wrong")
	})
	w.step("the list is narrowed, and comes as files that calculate nothing", func() {
		w.open("/contacts?search=an", "The company's contacts")
		w.shows(allOf(".rows tbody tr td:first-child"), "Anna Berg|Anna Berg")
		table, kind := w.gets("/contacts?export=csv")
		if text := string(table); !strings.HasPrefix(kind, "text/csv") || !strings.Contains(text, "'=1+1") || strings.Count(text, "\n") != 5 {
			t.Errorf("%s\n%s", kind, table)
		}
		if cards, kind := w.gets("/contacts/file/vcf"); !strings.HasPrefix(kind, "text/vcard") || bytes.Count(cards, []byte("BEGIN:VCARD")) != 4 {
			t.Errorf("%s\n%s", kind, cards)
		}
		if book, _ := w.gets("/contacts?export=xlsx"); !bytes.HasPrefix(book, []byte("PK")) {
			t.Error("no workbook")
		}
	})
	w.step("of duplicates one is made", func() {
		w.open("/contacts/duplicates", "Duplicates")
		w.shows(allOf("form.card h2"), "anna berg")
		w.leads("form.card .acts button", "Duplicates")
		w.shows(saidOf(".empty"), "There are none.")
		w.open("/contacts?search=anna", "The company's contacts")
		w.shows(allOf(".rows tbody tr td:first-child"), "Anna Berg")
		w.leads(".rows tbody a", "Anna Berg")
		w.shows(`String((document.getElementById("c-addresses").value + document.getElementById("c-note").value).includes("+467012345"))`, "true") // the other number is not lost
		w.shows(allOf(".card .chips a"), "Nurses")
	})
	w.step("a book of one's own, which counts before the account's", func() {
		w.makesContact("/own", "c-name", "Bo Ek", "c-mobile", "0761234567")
		w.open("/own/contacts", "My own contacts")
		w.shows(allOf(".rows tbody tr td:first-child"), "Bo Ek")
		if account := w.asks("GET", "/v1/contacts?search=Bo", ""); bytes.Contains(account, []byte("+46761234567")) {
			t.Error("the account sees what is the user's own")
		}
	})
	w.step("a group with contacts, numbers and another group; somebody is taken out", func() {
		w.open("/groups", "The company's groups")
		w.leads(`a[href="/groups/new"]`, "New group")
		w.fill("g-name", "Night", "g-note", "who is awake")
		w.leads("form.card button.main", "Night")
		w.fill("g-add", "=1+1\n070-123 45 75, group:Nurses\nNobody")
		w.leads(`form[action$="/members"] .acts button`, "Night")
		w.shows(holds(".alert", "Nobody"), "yes")
		w.fill("g-add", "=1+1\n070-123 45 75, group:Nurses")
		w.leads(`form[action$="/members"] .acts button`, "Night")
		w.shows(`String(document.querySelectorAll(".members li").length)`, "3")
		w.leads(`.members button[value="+46701234575"]`, "Night")
		w.shows(`String(document.querySelectorAll(".members li").length)`, "2")
	})
	w.step("suggestions while one types, the user's own Bo among them", func() {
		w.open("/compose", "New message")
		w.eval(in("to", "bo"))
		w.shows(allOf("#to-options li"), "Bo Ek contact +46761234567|Bo Ek contact +46701234568") // both books have one
		w.press("ArrowDown")
		w.press("Enter")
		w.eval(in("to", "nur"))
		w.shows(holds("#to-options li", "Nurses"), "yes")
		w.press("ArrowDown")
		w.press("Enter")
		w.shows(`[...document.querySelectorAll(".chosen li")].map((one) => one.firstChild.textContent).join(" ")`, "Bo Ek Nurses")
	})
	w.step("a text is kept as a template, and used with what a contact has", func() {
		w.eval(in("text", "Hi {name}, ward {ward|unknown}"))
		w.fill("saveas", "Ward")
		w.leads(`button[name=act][value=save]`, "New message")
		w.shows(saidOf("p.note[role=status]"), "The text is kept as the template Ward.")
		w.eval(in("text", "Another text"))
		w.fill("saveas", "Ward")
		w.leads(`button[name=act][value=save]`, "New message")
		w.shows(holds("#count", "characters"), "yes") // which the script counts anew when the page opens
		w.shows(holds("#problem", "The template was not kept:"), "yes")
		w.open("/templates", "Templates")
		w.shows(holds("tbody tr", "Hi {name}, ward {ward|unknown}"), "yes")
		w.leads("tbody a", "Ward")
		w.fill("t-note", "for nurses")
		w.leads("button.main", "Ward")
		w.shows(saidOf("p.note[role=status]"), "Kept.")
		w.open("/compose?to=0761234567", "New message")
		w.leads(`button[name=act][value=template]`, "New message")
		w.shows(`document.getElementById("text").value`, "Hi {name}, ward {ward|unknown}")
		w.fill("var-name", "Bo")
		w.leads("#compose button.main", "Message")
		w.shows(saidOf("blockquote"), "Hi Bo, ward unknown")
	})
	w.step("whoever was written to lately is offered", func() {
		w.open("/compose", "New message")
		w.presses("#to")
		w.shows(holds("#to-options li", "Bo Ek"), "yes")
		w.shows(holds("#to-options li", "written to lately"), "yes")
	})
}
