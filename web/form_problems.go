package web

import (
	"strconv"
	"strings"
)

// show puts what REST says beside the fields that it is about, and the rest above all of them.
func (f *form) show(p *problem) {
	for _, e := range p.Errors {
		text := strings.TrimPrefix(e.Detail, e.Field+": ")
		if e.Field == "" || !f.blame(formPath(e.Field), text) {
			f.Top = append(f.Top, e.Detail)
		}
	}
	if len(p.Errors) == 0 {
		f.Top = append(f.Top, p.Detail)
	}
	f.unfold()
}

// showWrong does so with what could not even be read.
func (f *form) showWrong(wrong []formWrong) {
	for _, w := range wrong {
		if !f.blame(w.path, w.text) {
			f.Top = append(f.Top, w.path+": "+w.text)
		}
	}
	f.unfold()
}

// unfold puts what is wrong among the fields that are shown.
func (f *form) unfold() {
	var rest []*formField
	for _, field := range f.More {
		if field.wrong() {
			f.Common = append(f.Common, field)
			continue
		}
		rest = append(rest, field)
	}
	f.More = rest
}

// Wrong tells whether anything is.
func (f *form) Wrong() bool {
	for _, field := range append(append([]*formField{}, f.Common...), f.More...) {
		if field.wrong() {
			return true
		}
	}
	return len(f.Top) > 0
}

// Blamed lists the fields that something is wrong with, in the order of the form: it may be long, and theirs far down.
func (f *form) Blamed() []*formField {
	return blamedOf(nil, append(append([]*formField{}, f.Common...), f.More...))
}

func blamedOf(found, fields []*formField) []*formField {
	for _, field := range fields {
		if len(field.Problems) > 0 {
			found = append(found, field)
		}
		found = blamedOf(blamedOf(found, field.Fields), field.Items)
	}
	return found
}

// formPath is the path in a form of a field as REST names it: layers[0].slots[1].who.
func formPath(field string) string {
	return strings.NewReplacer("[", ".", "]", "").Replace(field)
}

// blame puts a text beside the field at a path, or the nearest around it; false if there is none.
func (f *form) blame(path, text string) bool {
	return blameIn(f.Common, path, text) || blameIn(f.More, path, text)
}

func blameIn(fields []*formField, path, text string) bool {
	for _, field := range fields {
		rest, below := strings.CutPrefix(path, field.Path+".")
		if path != field.Path && !below {
			continue
		}
		if below && (blameIn(field.Fields, path, text) || blameIn(field.Items, path, text)) {
			return true
		}
		if below && (field.Kind == linesField || field.Kind == pairsField) {
			text = lineOf(rest) + ": " + text
		}
		field.Problems = append(field.Problems, text)
		return true
	}
	return false
}

// lineOf names a place in a list as people count, from 1; a name stays one.
func lineOf(place string) string {
	if !isNumber(place) {
		return place
	}
	i, _ := strconv.Atoi(place)
	return "#" + strconv.Itoa(i+1)
}
