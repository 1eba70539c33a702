package message

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// CostDimension is a way in which the cost of messages is put down to somebody: a department, a project.
type CostDimension struct {
	// Name by which accounts, requests and reports call it: small letters, digits and underscores, at most 32.
	Name string `yaml:"name" example:"cost_centre"`
	// Values that it may have. Empty: any text of at most 64 characters without a semicolon.
	Values []string `yaml:"values" example:"[\"4711\", \"4712\"]"`
	// Required refuses a message that has no value, neither its own nor its account's.
	Required bool `yaml:"required" example:"true"`
	// Kannel is the field of sendsms that gives the value: account or binfo. Empty: none but meta-data.
	Kannel string `yaml:"kannel" example:"account"`
	// SMPP is what of a submit_sm gives the value: service_type, or an optional parameter by its name or tag, such as
	// billing_identification or one of tlvs. Empty: nothing.
	SMPP string `yaml:"smpp" example:"service_type"`
}

// Bounds on cost dimensions.
const (
	MaxDimensions     = 4
	maxDimensionName  = 32
	maxDimensionValue = 64 // characters
)

// ServiceTypeField is CostDimension.SMPP where service_type gives the value.
const ServiceTypeField = "service_type"

// ValidateDimensions reports what is wrong with the dimensions of a file.
func ValidateDimensions(list []CostDimension, tlvs *TLVDictionary, report func(field, problem string)) {
	if len(list) > MaxDimensions {
		report("dimensions", fmt.Sprintf("are %d; there may be %d", len(list), MaxDimensions))
	}
	seen := map[string]int{}
	for i := range list {
		d, path := &list[i], fmt.Sprintf("dimensions[%d]", i)
		switch {
		case d.Name == "":
			report(path+".name", "is missing")
		case len(d.Name) > maxDimensionName || strings.Trim(d.Name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "":
			report(path+".name", fmt.Sprintf("%.40q is not made of at most %d small letters, digits and underscores", d.Name, maxDimensionName))
		case slices.Contains([]string{"day", "month", "account", "currency", "by", "since", "until", "sort", "limit", "cursor", "format"}, d.Name):
			report(path+".name", fmt.Sprintf("%q means something else in reports", d.Name))
		case seen[d.Name] > 0:
			report(path+".name", fmt.Sprintf("%q is taken by dimensions[%d]", d.Name, seen[d.Name]-1))
		}
		seen[d.Name] = i + 1
		for j, value := range d.Values {
			if problem := dimensionValueProblem(value); problem != "" {
				report(fmt.Sprintf("%s.values[%d]", path, j), problem)
			}
		}
		if !slices.Contains([]string{"", "account", "binfo"}, d.Kannel) {
			report(path+".kannel", fmt.Sprintf("%.40q is not one of account, binfo", d.Kannel))
		}
		if d.SMPP != "" && d.SMPP != ServiceTypeField {
			if _, err := tlvs.Tag(d.SMPP); err != nil {
				report(path+".smpp", err.Error())
			}
		}
	}
}

// dimensionValueProblem says why a text cannot be the value of a dimension; empty: it can.
func dimensionValueProblem(value string) string {
	switch {
	case value == "":
		return "is empty"
	case utf8.RuneCountInString(value) > maxDimensionValue:
		return fmt.Sprintf("has more than %d characters", maxDimensionValue)
	case !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7F || r == ';' }):
		return fmt.Sprintf("%.80q has a semicolon or a character that cannot be shown", value)
	}
	return ""
}

// Dimensions is what the cost of a message is put down to, in the order of names: "cost_centre=4711;project=x". Empty:
// nothing is said.
type Dimensions string

// DimensionsOf writes values by name; empty values are left out.
func DimensionsOf(values map[string]string) Dimensions {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if values[name] == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(';')
		}
		b.WriteString(name + "=" + values[name])
	}
	return Dimensions(b.String())
}

// Value returns the value of a dimension; empty if it has none.
func (d Dimensions) Value(name string) string {
	for rest := string(d); rest != ""; {
		var one string
		one, rest, _ = strings.Cut(rest, ";")
		if n, value, _ := strings.Cut(one, "="); n == name {
			return value
		}
	}
	return ""
}

// Map returns the values by name; nil if there are none.
func (d Dimensions) Map() map[string]string {
	if d == "" {
		return nil
	}
	values := map[string]string{}
	for one := range strings.SplitSeq(string(d), ";") {
		name, value, _ := strings.Cut(one, "=")
		values[name] = value
	}
	return values
}

// CostDimensions is the dimensions of a configuration. It does not change; nil has none.
type CostDimensions struct {
	list []CostDimension
	tags []uint16 // of those with an optional parameter
	smpp bool     // one of them has an SMPP
}

// NewCostDimensions makes the dimensions of a list in which ValidateDimensions found nothing wrong.
func NewCostDimensions(list []CostDimension, tlvs *TLVDictionary) *CostDimensions {
	if len(list) == 0 {
		return nil
	}
	c := &CostDimensions{list: list, tags: make([]uint16, len(list))}
	for i := range list {
		c.smpp = c.smpp || list[i].SMPP != ""
		if list[i].SMPP != "" && list[i].SMPP != ServiceTypeField {
			c.tags[i], _ = tlvs.Tag(list[i].SMPP)
		}
	}
	return c
}

// List returns the dimensions, not to be changed.
func (c *CostDimensions) List() []CostDimension {
	if c == nil {
		return nil
	}
	return c.list
}

// Names returns the names of the dimensions.
func (c *CostDimensions) Names() []string {
	var names []string
	for i := range c.List() {
		names = append(names, c.list[i].Name)
	}
	return names
}

// Check says which of values, by name, cannot be, and why; field begins with "dimensions".
func (c *CostDimensions) Check(values map[string]string) *Failure {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		i := slices.IndexFunc(c.List(), func(d CostDimension) bool { return d.Name == name })
		switch {
		case c == nil:
			return Fail(BadDimension, "dimensions", "there are no cost dimensions here; the administrator can name some under dimensions")
		case i < 0:
			return Fail(BadDimension, "dimensions", "%.40q is no cost dimension; there are %s", name, strings.Join(c.Names(), ", "))
		}
		if problem := dimensionValueProblem(values[name]); problem != "" {
			return Fail(BadDimension, "dimensions."+name, "the cost dimension %s %s", name, problem)
		}
		if d := &c.list[i]; len(d.Values) > 0 && !slices.Contains(d.Values, values[name]) {
			return Fail(BadDimension, "dimensions."+name, "the cost dimension %s cannot be %.80q; the administrator has not named it among its values", name, values[name])
		}
	}
	return nil
}

// Known returns the values by name of those dimensions that there are and that may have them; nil for none.
func (c *CostDimensions) Known(d Dimensions) map[string]string {
	values := d.Map()
	maps.DeleteFunc(values, func(name, value string) bool { return c.Check(map[string]string{name: value}) != nil })
	if len(values) == 0 {
		return nil
	}
	return values
}

// Of returns what the cost of a message is put down to: what it says itself (own, by name), what its optional
// parameters say, and what its account does, the first that says something. The failure is for its customer.
func (c *CostDimensions) Of(account Dimensions, own map[string]string, x *Extra) (Dimensions, *Failure) {
	if c == nil && len(own) == 0 {
		return "", nil
	}
	if c != nil && c.smpp && x != nil {
		own = c.read(own, x)
	}
	if len(own) == 0 {
		return account, c.lacks(account)
	}
	if f := c.Check(own); f != nil {
		return "", f
	}
	all := account.Map()
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, own)
	d := DimensionsOf(all)
	return d, c.lacks(d)
}

// lacks names a dimension that is required and not there.
func (c *CostDimensions) lacks(d Dimensions) *Failure {
	for i := range c.list {
		if one := &c.list[i]; one.Required && d.Value(one.Name) == "" {
			return Fail(BadDimension, "dimensions."+one.Name, "the cost dimension %s is missing, and the account has none of its own", one.Name)
		}
	}
	return nil
}

// billingIdentification is the tag of a parameter whose first octet is a format (SMPP 5.0 4.8.4.3).
const billingIdentification = 0x060B

// read adds to own what a message's service_type and optional parameters say; own itself stays as it is.
func (c *CostDimensions) read(own map[string]string, x *Extra) map[string]string {
	all := own
	for i := range c.list {
		d := &c.list[i]
		var value string
		switch {
		case d.SMPP == "" || own[d.Name] != "":
			continue
		case d.SMPP == ServiceTypeField:
			value = x.ServiceType
		default:
			octets, _ := x.TLV(c.tags[i])
			if c.tags[i] == billingIdentification && len(octets) > 0 {
				octets = octets[1:]
			}
			value = strings.TrimRight(string(octets), "\x00")
		}
		if value == "" {
			continue
		}
		if len(all) == len(own) {
			all = maps.Clone(own)
			if all == nil {
				all = map[string]string{}
			}
		}
		all[d.Name] = value
	}
	return all
}
