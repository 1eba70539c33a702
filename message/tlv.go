package message

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// TLV is an optional parameter: a tag and octets that are the affair of those
// who agreed on it (SMPP 3.4 3.2.4).
type TLV struct {
	Tag   uint16
	Value []byte
}

// TLVDefinition gives an optional parameter a name, by which the file and
// requests call it.
type TLVDefinition struct {
	// Name that requests and this file use: small letters, digits and underscores, at most 64.
	Name string `yaml:"name" example:"dlt_entity_id"`
	// Tag is its number, such as 0x1400; an operator's own are 0x1400 to 0x3FFF (SMPP 3.4 5.3.1).
	Tag string `yaml:"tag" example:"0x1400"`
	// Type of its value: string (text in UTF-8), cstring (the same, ended by a NUL), octets (hexadecimal digits), uint8,
	// uint16 or uint32. Empty: octets.
	Type string `yaml:"type" example:"string"`
	// Max is how many octets the value may have, without the NUL. 0: 255.
	Max int `yaml:"max" example:"30"`
}

const (
	defaultTLVMax = 255
	maxTLVName    = 64
)

var tlvTypes = []string{"string", "cstring", "octets", "uint8", "uint16", "uint32"}

// Validate reports what is wrong with a definition.
func (d *TLVDefinition) Validate(report func(field, problem string)) {
	switch {
	case d.Name == "":
		report("name", "is missing")
	case len(d.Name) > maxTLVName || strings.Trim(d.Name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || AllDigits(d.Name) || strings.HasPrefix(d.Name, "0x"):
		report("name", fmt.Sprintf("%.80q is not made of small letters, digits and underscores", d.Name))
	case slices.ContainsFunc(standardTLVs, func(s standardTLV) bool { return s.name == d.Name }):
		report("name", fmt.Sprintf("%q is a parameter of the specification, with a tag of its own", d.Name))
	}
	if problem := d.tagProblem(); problem != "" {
		report("tag", problem)
	}
	if d.Type != "" && !slices.Contains(tlvTypes, d.Type) {
		report("type", fmt.Sprintf("%q is not known; %s are", d.Type, strings.Join(tlvTypes, ", ")))
	}
	if d.Max < 0 || d.Max > MaxTLVOctets {
		report("max", fmt.Sprintf("is not between 0 and %d", MaxTLVOctets))
	}
}

// Number returns the tag; false if it is none.
func (d *TLVDefinition) Number() (uint16, bool) {
	tag, err := parseTag(d.Tag)
	return tag, err == nil
}

// tagProblem says what is wrong with the tag; empty: nothing.
func (d *TLVDefinition) tagProblem() string {
	tag, err := parseTag(d.Tag)
	if err != nil {
		return err.Error()
	}
	if ownTag(tag) {
		return fmt.Sprintf("0x%04X is set by Kurir itself", tag)
	}
	for i := range standardTLVs {
		if s := &standardTLVs[i]; s.tag == tag && s.name != d.Name {
			return fmt.Sprintf("0x%04X is %s of the specification; leave this out and write that name", tag, s.name)
		}
	}
	return ""
}

// TLVDictionary knows optional parameters by name and tag: those of the
// specification and those of a configuration. It is immutable; nil knows the
// specification's.
type TLVDictionary struct {
	byName map[string]*tlvEntry
	byTag  map[uint16]*tlvEntry
}

type tlvEntry struct {
	name string
	tag  uint16
	kind string
	most int
}

// NewTLVDictionary makes a dictionary of definitions in which Validate found
// nothing wrong. Of two for one tag the first names it where it is shown.
func NewTLVDictionary(definitions []TLVDefinition) *TLVDictionary {
	d := &TLVDictionary{byName: map[string]*tlvEntry{}, byTag: map[uint16]*tlvEntry{}}
	add := func(e *tlvEntry) {
		if d.byName[e.name] == nil {
			d.byName[e.name] = e
		}
		if d.byTag[e.tag] == nil {
			d.byTag[e.tag] = e
		}
	}
	for i := range definitions {
		def := &definitions[i]
		tag, err := parseTag(def.Tag)
		if err != nil {
			continue
		}
		e := &tlvEntry{name: def.Name, tag: tag, kind: def.Type, most: def.Max}
		if e.kind == "" {
			e.kind = "octets"
		}
		if e.most == 0 {
			e.most = defaultTLVMax
		}
		add(e)
	}
	for _, s := range standardTLVs {
		add(&tlvEntry{name: s.name, tag: s.tag, kind: s.kind, most: s.most})
	}
	return d
}

// standardDictionary is that of a nil *TLVDictionary.
var standardDictionary = NewTLVDictionary(nil)

func (d *TLVDictionary) known() *TLVDictionary {
	if d == nil {
		return standardDictionary
	}
	return d
}

// Tag returns the tag that a name stands for, or that is written as a number.
func (d *TLVDictionary) Tag(name string) (uint16, error) {
	if e := d.known().byName[name]; e != nil {
		return e.tag, nil
	}
	if name == "" || name[0] < '0' || name[0] > '9' {
		return 0, fmt.Errorf("no parameter is named %.64q; define it under tlvs, or give its tag as in 0x1400", name)
	}
	return parseTag(name)
}

// Range returns the tags that a word stands for: a name, a tag, two with a dash
// between them, or all.
func (d *TLVDictionary) Range(word string) (first, last uint16, err error) {
	if word == "all" {
		return 0, 0xFFFF, nil
	}
	from, to, isRange := strings.Cut(word, "-")
	if first, err = d.Tag(strings.TrimSpace(from)); err != nil || !isRange {
		return first, first, err
	}
	if last, err = d.Tag(strings.TrimSpace(to)); err == nil && last < first {
		err = fmt.Errorf("%.64q ends before it begins", word)
	}
	return first, last, err
}

// Name returns the name of a tag, or the tag as in 0x1400.
func (d *TLVDictionary) Name(tag uint16) string {
	if e := d.known().byTag[tag]; e != nil {
		return e.name
	}
	return fmt.Sprintf("0x%04X", tag)
}

// Parse makes a parameter of its name (or tag) and its value as people write
// it: text for string and cstring, digits for numbers, hexadecimal digits for
// octets and for tags without a definition; hex: before hexadecimal digits, or
// text: before a text, says so for any type.
func (d *TLVDictionary) Parse(name, value string) (TLV, error) {
	tag, err := d.Tag(name)
	if err != nil {
		return TLV{}, err
	}
	if ownTag(tag) {
		return TLV{}, fmt.Errorf("%.64s is set by Kurir itself and cannot be given", name)
	}
	e := d.known().byName[name]
	if e == nil {
		e = &tlvEntry{name: name, kind: "octets", most: defaultTLVMax}
	}
	t := TLV{Tag: tag}
	if t.Value, err = e.value(value); err != nil {
		return TLV{}, err
	}
	if n := len(t.Value); n > e.most && (e.kind != "cstring" || n > e.most+1) {
		return TLV{}, fmt.Errorf("the value has %d octets; at most %d are allowed", n, e.most)
	}
	return t, nil
}

// value reads a value as people write it.
func (e *tlvEntry) value(text string) ([]byte, error) {
	if digits, ok := strings.CutPrefix(text, "hex:"); ok {
		return unhex(digits)
	}
	text, isText := strings.CutPrefix(text, "text:")
	kind := e.kind
	if isText && kind != "cstring" {
		kind = "string"
	}
	switch kind {
	case "string":
		return []byte(text), nil
	case "cstring":
		if strings.IndexByte(text, 0) >= 0 {
			return nil, errors.New("the value has a NUL, which would end it")
		}
		return append([]byte(text), 0), nil
	case "octets":
		return unhex(text)
	}
	bits, _ := strconv.Atoi(kind[len("uint"):])
	n, err := strconv.ParseUint(text, 10, bits)
	if err != nil {
		return nil, fmt.Errorf("%.20q is not a whole number from 0 to %d", text, uint64(1)<<bits-1)
	}
	return binary.BigEndian.AppendUint32(nil, uint32(n))[4-bits/8:], nil
}

func unhex(digits string) ([]byte, error) {
	b, err := hex.DecodeString(digits)
	if err != nil {
		return nil, errors.New("the value is not octets in hexadecimal digits, as in 0102 or hex:0102; a text is written with text: before it")
	}
	return b, nil
}

// Show returns name and value of a parameter as Parse reads them, unless the
// value is longer than what the name allows, which Parse refuses.
func (d *TLVDictionary) Show(t TLV) (name, value string) {
	e := d.known().byTag[t.Tag]
	if e == nil {
		return d.Name(t.Tag), "hex:" + hex.EncodeToString(t.Value)
	}
	value = "hex:" + hex.EncodeToString(t.Value)
	switch text := string(t.Value); e.kind {
	case "cstring":
		text = strings.TrimSuffix(text, "\x00")
		if printable(text) {
			value = text
		}
	case "string":
		if printable(text) {
			value = text
		}
	case "octets":
	default:
		if bits, _ := strconv.Atoi(e.kind[len("uint"):]); len(t.Value) == bits/8 {
			var n uint64
			for _, b := range t.Value {
				n = n<<8 | uint64(b)
			}
			value = strconv.FormatUint(n, 10)
		}
	}
	return e.name, value
}

// printable tells whether a text can be shown as it is and read again as it is.
func printable(text string) bool {
	if strings.HasPrefix(text, "hex:") || strings.HasPrefix(text, "text:") || !utf8.ValidString(text) {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7F })
}

// parseTag reads a tag: hexadecimal digits after 0x, or decimal ones.
func parseTag(text string) (uint16, error) {
	digits, isHex := strings.CutPrefix(strings.ToLower(text), "0x")
	base := 10
	if isHex {
		base = 16
	}
	n, err := strconv.ParseUint(digits, base, 16)
	if err != nil {
		return 0, fmt.Errorf("%.20q is not a tag from 0x0000 to 0xFFFF", text)
	}
	return uint16(n), nil
}
