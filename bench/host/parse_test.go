package host

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseOSRelease(t *testing.T) {
	f := func(data, want string) {
		t.Helper()
		if got := parseOSRelease([]byte(data)); got != want {
			t.Errorf("parseOSRelease(%q) = %q, want %q", data, got, want)
		}
	}
	f("NAME=Arch\nPRETTY_NAME='A \"rolling\" one'\n", `A "rolling" one`)
	f(`PRETTY_NAME="A \"quoted\" \$name"`, `A "quoted" $name`)
	f("NAME=Debian\nVERSION=12\n", "Debian")
	f("NAME=\"", `"`)
	f("# PRETTY_NAME=x\n", "")
}

func TestParseCPUInfo(t *testing.T) {
	f := func(data, model, virtual string) {
		t.Helper()
		got, is := parseCPUInfo([]byte(data))
		text := ""
		if is != nil {
			text = map[bool]string{true: "yes", false: "no"}[*is]
		}
		if got != model || text != virtual {
			t.Errorf("parseCPUInfo(%q) = %q, %q, want %q, %q", data, got, text, model, virtual)
		}
	}
	f("model name\t: A: b\nflags\t: fpu\n", "A: b", "no")
	f("model name\t: A\nflags\t: fpu hypervisor\n\nmodel name\t: B\n", "A", "yes")
	f("processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\nFeatures\t: fp\n", "implementer 0x41 part 0xd0c", "")
	f("cpu\t: POWER9\n", "POWER9", "")
	f("", "", "")
}

func TestParseKernelConfig(t *testing.T) {
	got, err := parseKernelConfig(strings.NewReader("CONFIG_HZ=250\n# CONFIG_NO_HZ_FULL is not set\n#CONFIG_NO_HZ_IDLE\nCONFIG_HZ_250=y\n"))
	if d := cmp.Diff(map[string]string{"CONFIG_HZ": "250", "CONFIG_NO_HZ_FULL": "n"}, got); err != nil || d != "" {
		t.Errorf("err %v, diff (-want +got):\n%s", err, d)
	}
	if _, err := parseKernelConfig(strings.NewReader(strings.Repeat("x", 1<<17))); err == nil {
		t.Error("a line without an end was read")
	}
}

func TestParseSmall(t *testing.T) {
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f(parseChoice("always [madvise] never"), "madvise")
	f(parseChoice("always madvise"), "")
	f(parseChoice("[always"), "")
	f(parseParameter("a=1 mitigations=off quiet mitigations=auto", "mitigations"), "auto")
	f(parseParameter("nomitigations=off", "mitigations"), "")
	f(readerName("node_exporter", []string{"/bin/node_exporter"}), "node_exporter")
	f(readerName("node_exporter", nil), "node_exporter")
	f(readerName("exe", []string{"/usr/bin/kubelet", "--v=2"}), "kubelet")
	f(readerName("agent", []string{"/opt/datadog-agent/bin/agent/agent"}), "datadog-agent")
	f(readerName("kubelet-wrapper", []string{"/bin/sh"}), "")
}

func FuzzParse(f *testing.F) {
	f.Add("NAME=x\nPRETTY_NAME=\"a\\\"b\"\n")
	f.Add("model name\t: AMD\nflags: hypervisor\n")
	f.Add("CONFIG_HZ=250\n# CONFIG_NO_HZ_FULL is not set\n")
	f.Add("cpu\t0\t5\t1\nalways [madvise] never mitigations=auto")
	f.Fuzz(func(t *testing.T, text string) {
		data := []byte(text)
		_, _ = parseCPUInfo(data)
		whole := func(name, part string) {
			if !strings.Contains(text, part) {
				t.Errorf("%s of %q is %q, which is not in it", name, text, part)
			}
		}
		if !strings.Contains(text, `\`) {
			whole("os-release", parseOSRelease(data))
		}
		whole("choice", parseChoice(text))
		whole("parameter", parseParameter(text, "mitigations"))
		config, err := parseKernelConfig(strings.NewReader(text))
		if err != nil && config != nil {
			t.Errorf("%v beside %v", config, err)
		}
		for name := range config {
			whole("config", name)
		}
	})
}

func TestEmulator(t *testing.T) {
	f := func(model, clocksources, want string) {
		t.Helper()
		if got := emulator(model, clocksources); got != want {
			t.Errorf("%q with the clocks %q is emulated by %q, want %q", model, clocksources, got, want)
		}
	}
	f("QEMU TCG CPU version 2.5+", "tsc hpet acpi_pm", "QEMU TCG")
	f("QEMU Virtual CPU version 2.5+", "hpet acpi_pm", "QEMU without KVM")
	f("QEMU Virtual CPU version 2.5+", "kvm-clock tsc acpi_pm", "")
	f("AMD EPYC 7B13", "tsc", "")
	f("", "", "")
}
