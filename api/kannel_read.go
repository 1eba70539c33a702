package api

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// kannelFieldsGiven are the fields of a sendsms request under the names that
// they have in its address, wherever they came from. Values are octets: text
// in the charset that the request says.
type kannelFieldsGiven map[string]string

// first returns the first field that is there and not empty.
func (f kannelFieldsGiven) first(names ...string) string {
	for _, name := range names {
		if f[name] != "" {
			return f[name]
		}
	}
	return ""
}

// kannelRead reads a request: a GET's address; a POST's form, or its text with
// X-Kannel headers, or its XML.
func (s *httpServer) kannelRead(w http.ResponseWriter, r *http.Request) (kannelFieldsGiven, *kannelAnswer) {
	switch r.Method {
	case http.MethodGet: // not HEAD, which is to change nothing (RFC 9110 9.2.1)
		return kannelQuery(r.URL.RawQuery)
	case http.MethodPost:
	default:
		w.Header().Set("Allow", "GET, POST")
		return nil, kannelRefuse(http.StatusMethodNotAllowed, kannelNoSuch)
	}
	body, p := s.readBody(w, r, nil)
	if p != nil {
		return nil, kannelProblem(p)
	}
	defer body.free(s)
	if len(body.b) == 0 && r.Header.Get("X-Kannel-To") == "" { // else it is an empty text
		return kannelQuery(r.URL.RawQuery)
	}
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, kannelRefuse(http.StatusBadRequest, kannelBadType)
	}
	switch media {
	case "application/x-www-form-urlencoded":
		return kannelForm(string(body.b), r.URL.RawQuery)
	case "text/plain":
		return kannelHeaders(r.Header, string(body.b), "0", params["charset"])
	case "application/octet-stream":
		return kannelHeaders(r.Header, string(body.b), "1", "")
	case "text/xml", "application/xml":
		return kannelXML(body.b)
	}
	return nil, kannelRefuse(http.StatusUnsupportedMediaType, kannelOtherType)
}

// kannelQuery reads URL-encoded fields; of a field given twice the first
// counts. A semicolon is a character like others, as with Kannel; Go would
// refuse it, for it once separated fields.
func kannelQuery(raw string) (kannelFieldsGiven, *kannelAnswer) {
	values, err := url.ParseQuery(strings.ReplaceAll(raw, ";", "%3B"))
	if err != nil {
		return nil, kannelRefuse(http.StatusBadRequest, kannelBadText)
	}
	f := make(kannelFieldsGiven, len(values))
	for name, given := range values {
		f[name] = given[0]
	}
	return f, nil
}

// kannelForm reads a form; what stands in the address too is taken from there
// where the form does not have it.
func kannelForm(body, query string) (kannelFieldsGiven, *kannelAnswer) {
	f, bad := kannelQuery(query)
	if bad != nil {
		return nil, bad
	}
	form, bad := kannelQuery(body)
	if bad != nil {
		return nil, bad
	}
	for name, value := range form {
		f[name] = value
	}
	return f, nil
}

// kannelHeaderNames are the fields that stand in headers X-Kannel-... beside a
// body that is the text.
var kannelHeaderNames = []string{
	"username", "password", "from", "to", "smsc", "coding", "pid", "mwi", "mclass", "alt-dcs", "compress",
	"validity", "deferred", "dlr-mask", "dlr-url", "rpi", "account", "binfo", "priority", "meta-data",
}

func kannelHeaders(h http.Header, body, coding, charset string) (kannelFieldsGiven, *kannelAnswer) {
	f := kannelFieldsGiven{"text": body, "coding": coding, "charset": charset}
	for _, name := range kannelHeaderNames {
		if values := h.Values("X-Kannel-" + name); len(values) > 0 {
			f[name] = values[0]
		}
	}
	udh, ok := kannelHeader(h.Get("X-Kannel-UDH"))
	if !ok {
		return nil, kannelRefuse(http.StatusBadRequest, kannelBadUDH)
	}
	f["udh"] = udh
	return f, nil
}

// kannelHeader reads a user data header in hexadecimal digits, or URL-encoded
// as Kannel writes it itself.
func kannelHeader(text string) (string, bool) {
	if strings.Contains(text, "%") {
		udh, err := url.QueryUnescape(strings.TrimSpace(text))
		return udh, err == nil
	}
	udh, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	return string(udh), err == nil
}

// kannelSubmitXML is the XML form: message/submit.
type kannelSubmitXML struct {
	XMLName xml.Name `xml:"message"`
	Submit  *struct {
		From struct {
			User     string `xml:"user"`
			Username string `xml:"username"`
			Pass     string `xml:"pass"`
			Password string `xml:"password"`
			Account  string `xml:"account"`
			BInfo    string `xml:"binfo"`
		} `xml:"from"`
		Sender string   `xml:"oa>number"`
		To     []string `xml:"da>number"`
		Text   string   `xml:"ud"`
		UDH    string   `xml:"udh"`
		DCS    struct {
			MClass   string `xml:"mclass"`
			Coding   string `xml:"coding"`
			MWI      string `xml:"mwi"`
			Compress string `xml:"compress"`
			AltDCS   string `xml:"alt-dcs"`
		} `xml:"dcs"`
		PID      string `xml:"pid"`
		RPI      string `xml:"rpi"`
		Validity string `xml:"vp>delay"`
		Deferred string `xml:"timing>delay"`
		Mask     string `xml:"statusrequest>dlr-mask"`
		URL      string `xml:"statusrequest>dlr-url"`
		Priority string `xml:"priority"`
		MetaData string `xml:"meta-data"`
		SMSC     string `xml:"smsc"`
		Link     string `xml:"to"` // another name of smsc
	} `xml:"submit"`
}

// kannelXML reads the XML form, in UTF-8 or in a charset of decodeCharset that
// its first line names. Its text is characters of XML, so UTF-8 by now; a binary
// one (coding 1) is in hexadecimal digits.
func kannelXML(body []byte) (kannelFieldsGiven, *kannelAnswer) {
	var doc kannelSubmitXML
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		switch enc := charsets[strings.ToLower(charset)]; {
		case enc != nil:
			return enc.NewDecoder().Reader(in), nil
		case isUTF8Name(charset):
			return in, nil
		}
		return nil, errors.New("unknown charset")
	}
	if err := d.Decode(&doc); err != nil || doc.Submit == nil {
		return nil, kannelRefuse(http.StatusBadRequest, kannelBadText)
	}
	x := doc.Submit
	f := kannelFieldsGiven{
		"username": x.From.Username, "user": x.From.User, "password": x.From.Password, "pass": x.From.Pass,
		"account": x.From.Account, "binfo": x.From.BInfo, "from": x.Sender,
		"text": x.Text, "charset": "UTF-8", "mclass": x.DCS.MClass, "coding": x.DCS.Coding, "mwi": x.DCS.MWI,
		"compress": x.DCS.Compress, "alt-dcs": x.DCS.AltDCS, "pid": x.PID, "rpi": x.RPI,
		"validity": x.Validity, "deferred": x.Deferred, "dlr-mask": x.Mask, "dlr-url": x.URL, "priority": x.Priority,
		"meta-data": x.MetaData, "smsc": strings.TrimSpace(cmp.Or(x.SMSC, x.Link)),
	}
	if len(x.To) > 0 {
		f["to"] = strings.Join(x.To, " ")
	}
	udh, ok := kannelHeader(x.UDH)
	if !ok {
		return nil, kannelRefuse(http.StatusBadRequest, kannelBadUDH)
	}
	f["udh"] = udh
	if f["coding"] == "1" {
		data, err := hex.DecodeString(strings.TrimSpace(x.Text))
		if err != nil {
			return nil, kannelRefuse(http.StatusBadRequest, kannelBadText)
		}
		f["text"] = string(data)
	}
	return f, nil
}
