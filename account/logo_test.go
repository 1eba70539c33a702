package account

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"strings"
	"testing"
)

// A picture that is uploaded becomes a small one that has nothing of the file but the picture.
func TestMakeLogo(t *testing.T) {
	t.Parallel()
	noise := image.NewNRGBA(image.Rect(0, 0, 600, 400))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range noise.Pix {
		noise.Pix[i] = uint8(random.Uint32())
	}
	two := image.NewRGBA(image.Rect(10, 10, 1010, 110))
	for y := 10; y < 110; y++ {
		for x := 10; x < 1010; x++ {
			two.Set(x, y, color.RGBA{uint8(255 * (x / 510)), 0, 0, 255})
		}
	}
	photo := image.NewGray(image.Rect(0, 0, 800, 600))
	var hidden, wide, grey bytes.Buffer
	for _, err := range []error{png.Encode(&hidden, noise), png.Encode(&wide, two), jpeg.Encode(&grey, photo, nil)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		body       []byte
		wide, high int // at most
	}{
		"two colours": {append(wide.Bytes(), "<script>alert(1)</script>"...), 480, 48},
		"a photo":     {grey.Bytes(), 128, 96},
	} {
		text, err := MakeLogo(test.body)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, media, err := ReadLogo(text)
		if err != nil || media != "image/png" || bytes.Contains(body, []byte("script")) {
			t.Errorf("%s: %s %v", name, media, err)
		}
		picture, _, _ := DecodePicture(body, MaxLogoPixels)
		if size := picture.Bounds(); size.Dx() != test.wide || size.Dy() != test.high {
			t.Errorf("%s: it is %v, want %d by %d", name, size, test.wide, test.high)
		}
	}
	if hidden.Len() > MaxPicture {
		if _, err := MakeLogo(hidden.Bytes()); err == nil {
			t.Error("a file that is too large is taken")
		}
	}
	for name, body := range map[string]string{
		"an SVG": `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, "nothing": "", "a page": "<!doctype html><script>alert(1)</script>",
		"half": wide.String()[:wide.Len()/2], "too wide": string(wideHeader(60000, 60000)),
	} {
		if _, err := MakeLogo([]byte(body)); err == nil || strings.Contains(err.Error(), "script") {
			t.Errorf("%s: %v", name, err)
		}
	}
	noisy := noise.SubImage(image.Rect(0, 0, 500, 200))
	hidden.Reset()
	if err := png.Encode(&hidden, noisy); err != nil {
		t.Fatal(err)
	}
	text, err := MakeLogo(hidden.Bytes())
	if n := base64.StdEncoding.DecodedLen(len(text)); err != nil || n > MaxLogo+2 {
		t.Errorf("what does not get smaller: %d octets, %v", n, err)
	}
}

// wideHeader is a PNG that says to be huge.
func wideHeader(width, height uint32) []byte {
	var out bytes.Buffer
	_ = png.Encode(&out, image.NewGray(image.Rect(0, 0, 1, 1)))
	body := out.Bytes()
	for i, v := range []uint32{width, height} {
		body[16+4*i], body[17+4*i], body[18+4*i], body[19+4*i] = byte(v>>24), byte(v>>16), byte(v>>8), byte(v)
	}
	return body
}

// FuzzMakeLogo has anything at all read as a picture: what is taken can be read again.
func FuzzMakeLogo(f *testing.F) {
	f.Add(wideHeader(1, 1))
	f.Add(wideHeader(2000, 3))
	f.Add([]byte("GIF89a"))
	f.Add([]byte{0xff, 0xd8, 0xff, 0xe0})
	f.Fuzz(func(t *testing.T, body []byte) {
		text, err := MakeLogo(body)
		if err != nil {
			return
		}
		if _, _, err := ReadLogo(text); err != nil {
			t.Errorf("the logo made of it: %v", err)
		}
	})
}
