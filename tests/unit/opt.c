#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/opt.h"

struct basket {
	bool crisp, green, no_header, washed;
	int64_t count, big;
	double weight;
	const char *name, *kind, *fate, *when;
	struct ml_texts note;
};

struct pie {
	double sugar;
	int64_t heat;
};

static const struct ml_opt basket_rows[] = {
    ML_FLAG('c', "crisp", struct basket, crisp, "it is crisp"),
    ML_FLAG(0, "green", struct basket, green, "it is green"),
    ML_FLAG('H', "no-header", struct basket, no_header, "there is no header"),
    ML_FLAG(0, "washed-well", struct basket, washed, "it is washed"),
    ML_INT('n', "count", "how-many amount", "n", struct basket, count, "3", -5, 100,
	   "how many there are"),
    ML_INT(0, "big", NULL, "n", struct basket, big, NULL, 0, 9007199254740992, "a large number"),
    ML_REAL('w', "weight", NULL, "kg", struct basket, weight, "0.5", -2, 1e6, "what it weighs"),
    ML_TEXT('o', "name", NULL, "text", struct basket, name, NULL, "what it is called"),
    ML_CHOICE(
	'k', "kind", NULL, "kind", struct basket, kind, "apple", "apple pear",
	"what it is: a rather long text that has to go on in a second and even in a third line of "
	"help, as words do"),
    ML_CHOICE(0, "on-error", NULL, "how", struct basket, fate, "fail",
	      "fail skip reject=", "what to do"),
    ML_CHOICE(0, "when", NULL, "[when]", struct basket, when, "auto", "always auto never", "when"),
    ML_LIST(0, "note", NULL, "text", struct basket, note, "a note"),
    ML_OPT_LAST,
};
static const struct ml_opt pie_rows[] = {
    ML_REAL(0, "sugar", "sweetness", "g", struct pie, sugar, "20", 0, 500, "how sweet"),
    ML_INT(0, "heat", NULL, "c", struct pie, heat, "180", 0, 300, "how hot"),
    ML_OPT_LAST,
};

enum { MOST = 16 };

/* A command line, parsed: cut at blanks, so no argument holds one; "''" is the empty argument. */
struct line {
	char text[512];
	char *argv[MOST + 1];
	int argc;
	struct basket basket;
	struct pie pie;
	bool basket_given[MOST], pie_given[MOST];
	struct ml_opt_set sets[2];
	size_t operands;
	struct ml_err err;
};

static void
cut(struct line *line, const char *text)
{
	char *next = line->text, *word;

	*line = (struct line){.argc = 1};
	line->argv[0] = line->text + sizeof line->text - 1;
	line->sets[0] = (struct ml_opt_set){NULL, basket_rows, &line->basket, line->basket_given};
	line->sets[1] = (struct ml_opt_set){"pie", pie_rows, &line->pie, line->pie_given};
	snprintf(line->text, sizeof line->text, "%s", text);
	while ((word = strtok_r(next, " ", &next)) != NULL && line->argc < MOST) {
		if (strcmp(word, "''") == 0)
			*word = '\0';
		line->argv[line->argc++] = word;
	}
}

static int
parse(struct line *line, const char *text)
{
	cut(line, text);
	ML_TRY(ml_opt_defaults(line->sets, 2, &line->err));
	return ml_opt_parse(line->sets, 2, line->argc, line->argv, &line->operands, &line->err);
}

static void
line_free(struct line *line)
{
	ml_opt_free(basket_rows, &line->basket);
}

/* All values, as they could be typed, and the operands. */
static const char *
values(struct line *line)
{
	static char out[1024];
	struct ml_buf text = {0};

	for (size_t s = 0; s < 2; s++)
		for (const struct ml_opt *row = line->sets[s].rows; row->type != ML_OPT_END;
		     row++) {
			ml_opt_value(row, line->sets[s].base, &text);
			ml_buf_char(&text, ' ');
		}
	for (size_t i = 0; i < line->basket.note.n; i++)
		ml_buf_format(&text, "[%s]", line->basket.note.text[i]);
	for (size_t i = 1; i <= line->operands; i++)
		ml_buf_format(&text, "<%s>", line->argv[i]);
	snprintf(out, sizeof out, "%.*s", (int)text.n, text.p);
	ml_buf_free(&text);
	return out;
}

/* Rows: what is typed, and what it means or the message. */
struct
try {
	const char *typed, *result;
};

static void
check_all(const struct try *tries)
{
	for (; tries->typed != NULL; tries++) {
		struct line line;
		int status = parse(&line, tries->typed);

		CHECK(status == ML_OK || status == ML_EUSAGE);
		CHECK_TEXT(status == ML_OK ? values(&line) : line.err.text, tries->result);
		line_free(&line);
	}
}

/*               crisp green no-header washed count big weight name kind on-error when note */
#define PLAIN "no no no no 3 0 0.5  apple fail auto  20 180 "

static const struct try forms[] = {
    {"", PLAIN},
    {"a b", PLAIN "<a><b>"},
    {"-", PLAIN "<->"},
    {"-c", "yes no no no 3 0 0.5  apple fail auto  20 180 "},
    {"-cH a", "yes no yes no 3 0 0.5  apple fail auto  20 180 <a>"},
    {"-cn7 a", "yes no no no 7 0 0.5  apple fail auto  20 180 <a>"},
    {"-cn 7 a", "yes no no no 7 0 0.5  apple fail auto  20 180 <a>"},
    {"a -ofile b", "no no no no 3 0 0.5 file apple fail auto  20 180 <a><b>"},
    {"a -o file b", "no no no no 3 0 0.5 file apple fail auto  20 180 <a><b>"},
    {"-o -c", "no no no no 3 0 0.5 -c apple fail auto  20 180 "},
    {"-o -- -c", "yes no no no 3 0 0.5 -- apple fail auto  20 180 "},
    {"-o=x", "no no no no 3 0 0.5 =x apple fail auto  20 180 "},
    {"--name=file", "no no no no 3 0 0.5 file apple fail auto  20 180 "},
    {"--name file", "no no no no 3 0 0.5 file apple fail auto  20 180 "},
    {"--name=a=b", "no no no no 3 0 0.5 a=b apple fail auto  20 180 "},
    {"--name= a", PLAIN "<a>"},
    {"--name ''", PLAIN},
    {"--name --green", "no no no no 3 0 0.5 --green apple fail auto  20 180 "},
    {"--name=a --name=b", "no no no no 3 0 0.5 b apple fail auto  20 180 "},
    {"-n -5 -w -1.5", "no no no no -5 0 -1.5  apple fail auto  20 180 "},
    {"-n-5 --weight=-1.5", "no no no no -5 0 -1.5  apple fail auto  20 180 "},
    {"-c -- -n 5", "yes no no no 3 0 0.5  apple fail auto  20 180 <-n><5>"},
    {"a -- --", PLAIN "<a><-->"},
    {"a -c b --count 1 c", "yes no no no 1 0 0.5  apple fail auto  20 180 <a><b><c>"},
    {"--how-many=1", "no no no no 1 0 0.5  apple fail auto  20 180 "},
    {"--amount=1 --sweetness 9", "no no no no 1 0 0.5  apple fail auto  9 180 "},
    {"--how_many=1 --washed_well", "no no no yes 1 0 0.5  apple fail auto  20 180 "},
    {"--wa --cou 8 --how 9", "no no no yes 9 0 0.5  apple fail auto  20 180 "},
    {"--on-error=reject=a.csv", "no no no no 3 0 0.5  apple reject=a.csv auto  20 180 "},
    {"--when a", "no no no no 3 0 0.5  apple fail always  20 180 <a>"},
    {"--when=never a", "no no no no 3 0 0.5  apple fail never  20 180 <a>"},
    {"--note a --note=b c", PLAIN "[a][b]<c>"},
    {"--green --no-green", PLAIN},
    {"--no-green --green", "no yes no no 3 0 0.5  apple fail auto  20 180 "},
    {"--washed-well --no_washed_well", PLAIN},
    {"-c --no-crisp", PLAIN},
    {"--no-header", "no no yes no 3 0 0.5  apple fail auto  20 180 "},
    {"--no-h", "no no yes no 3 0 0.5  apple fail auto  20 180 "},
    {"-H --no-no-header", PLAIN},
    {"--green --no-g", PLAIN},
    {"--big 9007199254740992", "no no no no 3 9007199254740992 0.5  apple fail auto  20 180 "},
    {"-w 1e6", "no no no no 3 0 1000000  apple fail auto  20 180 "},
    {NULL, NULL},
};

static const struct try wrong[] = {
    {"--count=101", "option '--count': expected an integer from -5 to 100, not '101'"},
    {"--count=-6", "option '--count': expected an integer from -5 to 100, not '-6'"},
    {"--count=1.5", "option '--count': expected an integer from -5 to 100, not '1.5'"},
    {"--count=1e1", "option '--count': expected an integer from -5 to 100, not '1e1'"},
    {"--count=", "option '--count': expected an integer from -5 to 100, not ''"},
    {"--count=7x", "option '--count': expected an integer from -5 to 100, not '7x'"},
    {"--count=9223372036854775808",
     "option '--count': expected an integer from -5 to 100, not '9223372036854775808'"},
    /* 2^53 + 1 is 2^53 as a double */
    {"--big=9007199254740993",
     "option '--big': expected an integer from 0 to 9007199254740992, not "
     "'9007199254740993'"},
    {"-w nan", "option '--weight': expected a number from -2 to 1000000, not 'nan'"},
    {"-w inf", "option '--weight': expected a number from -2 to 1000000, not 'inf'"},
    {"-w 1e999", "option '--weight': expected a number from -2 to 1000000, not '1e999'"},
    {"-w 0x10", "option '--weight': expected a number from -2 to 1000000, not '0x10'"},
    {"-w 1,5", "option '--weight': expected a number from -2 to 1000000, not '1,5'"},
    {"-w -2.1", "option '--weight': expected a number from -2 to 1000000, not '-2.1'"},
    {"--kind=plum", "option '--kind': expected one of: apple pear, not 'plum'"},
    {"--kind=app", "option '--kind': expected one of: apple pear, not 'app'"},
    {"--kind=", "option '--kind': expected one of: apple pear, not ''"},
    {"--on-error=reject", "option '--on-error': expected one of: fail skip reject=, not 'reject'"},
    {"--on-error=reject=",
     "option '--on-error': expected one of: fail skip reject=, not 'reject='"},
    {"--on-error=skip=x", "option '--on-error': expected one of: fail skip reject=, not 'skip=x'"},
    {"--green=yes", "option '--green' takes no value"},
    {"--name", "option '--name' needs a value"},
    {"-co", "option '-o' needs a value"},
    {"--nane=x", "unknown option '--nane' (did you mean '--name'?)"},
    {"--heta 5", "unknown option '--heta' (did you mean '--heat'?)"},
    {"--zzzzzzzz", "unknown option '--zzzzzzzz'"},
    {"--no-count", "unknown option '--no-count' (did you mean '--count'?)"},
    {"-cx", "unknown option '-x'"},
    {"-c\xff", "unknown option '-?'"},
    {"-5", "unknown option '-5'"},
    {"--w=3", "option '--w' is ambiguous"},
    {"--=x", "option '--' is ambiguous"},
    {"--\xc3\xa9\x01", "unknown option '--\xc3\xa9\\x01'"},
    {NULL, NULL},
};

/* A file that holds TEXT; the name is good until the next call. */
static const char *
file_of(const char *text, size_t n)
{
	static char path[64];
	static int number;
	FILE *file;

	snprintf(path, sizeof path, "/tmp/ml-opt-%ld-%d", (long)getpid(), number++);
	if ((file = fopen(path, "wb")) != NULL) {
		fwrite(text, 1, n, file);
		fclose(file);
	}
	return path;
}

/* The values of TYPED with a file of SETTINGS, or the message, "F" for the file's name. */
static const char *
configured(const char *typed, const char *settings)
{
	static char out[1024];
	const char *path = file_of(settings, strlen(settings));
	struct ml_opt_file file;
	struct line line;

	CHECK(parse(&line, typed) == ML_OK);
	if (ml_opt_file_read(&file, path, &line.err) == ML_OK)
		ml_opt_apply(line.sets, 2, &file, &line.err);
	snprintf(out, sizeof out, "%s",
		 line.err.status == ML_OK			   ? values(&line)
		 : strncmp(line.err.text, path, strlen(path)) == 0 ? line.err.text + strlen(path)
								   : line.err.text);
	ml_opt_file_free(&file);
	line_free(&line);
	unlink(path);
	return out;
}

static void
check_files(void)
{
	CHECK_TEXT(configured("", ""), PLAIN);
	CHECK_TEXT(configured("", "# count = 9\n\n  \t\n"), PLAIN);
	CHECK_TEXT(configured("", "count = 7\nname=x"),
		   "no no no no 7 0 0.5 x apple fail auto  20 180 ");
	CHECK_TEXT(configured("", "\tcount\t=\t7 \r\n  how_many = 8\r\n"),
		   "no no no no 8 0 0.5  apple fail auto  20 180 ");
	CHECK_TEXT(configured("", "name = a=b # c\n"),
		   "no no no no 3 0 0.5 a=b # c apple fail auto  20 180 ");
	CHECK_TEXT(configured("", "name ="), PLAIN);
	CHECK_TEXT(configured("", "crisp = yes\ngreen = true\n"),
		   "yes yes no no 3 0 0.5  apple fail auto  20 180 ");
	CHECK_TEXT(configured("--green", "crisp = no\nno-crisp = no\nno-green = yes\n"),
		   "yes yes no no 3 0 0.5  apple fail auto  20 180 ");
	CHECK_TEXT(configured("--no-crisp -n 1", "crisp = yes\ncount = 2\nheat = 5\n"),
		   "no no no no 1 0 0.5  apple fail auto  20 5 ");
	CHECK_TEXT(configured("", "note = a\nnote = b c\n"), PLAIN "[a][b c]");
	CHECK_TEXT(configured("--note=x", "note = a\n"), PLAIN "[x]");
}

static void
check_bad_files(void)
{
	struct ml_opt_file file;
	struct ml_err err = {0};
	const char *path;

	CHECK_TEXT(configured("", "count = 7\n\ncuont = 8\n"),
		   ":3: unknown option '--cuont' (did you mean '--count'?)");
	CHECK_TEXT(configured("", "count = 7\ncount\n"), ":2: expected 'name = value'");
	CHECK_TEXT(configured("", "= 7\n"), ":1: option '--' is ambiguous");
	CHECK_TEXT(configured("", "# x\ncrisp = perhaps\n"),
		   ":2: option '--crisp': expected yes or no, not 'perhaps'");
	CHECK_TEXT(configured("", "count = 1000\r\n"),
		   ":1: option '--count': expected an integer from -5 to 100, not '1000'");

	path = file_of("count = 7\0heat = 5\n", 19);
	CHECK(ml_opt_file_read(&file, path, &err) == ML_EUSAGE);
	CHECK(strstr(err.text, "NUL byte") != NULL);
	ml_opt_file_free(&file);
	unlink(path);
	err = (struct ml_err){0};
	CHECK(ml_opt_file_read(&file, "/no/such/file", &err) == ML_ESYS);
	ml_opt_file_free(&file);
}

/* What ml_opt_peek says of --name, while the rows of the pie are not known. */
static const char *
peeked(const char *typed, const char *settings)
{
	static char out[64];
	const char *path = file_of(settings, strlen(settings)), *value;
	struct ml_opt_file file;
	struct line line;

	cut(&line, typed);
	CHECK(ml_opt_file_read(&file, path, &line.err) == ML_OK);
	value = ml_opt_peek(line.sets, 1, "name", line.argc, line.argv, &file);
	snprintf(out, sizeof out, "%s", value == NULL ? "(none)" : value);
	ml_opt_file_free(&file);
	unlink(path);
	return out;
}

static void
check_peek(void)
{
	CHECK_TEXT(peeked("", ""), "(none)");
	CHECK_TEXT(peeked("--name=x", ""), "x");
	CHECK_TEXT(peeked("--name x", ""), "x");
	CHECK_TEXT(peeked("--nam x", ""), "x");
	CHECK_TEXT(peeked("-ox", ""), "x");
	CHECK_TEXT(peeked("-o x", ""), "x");
	CHECK_TEXT(peeked("-cHo x", ""), "x");
	CHECK_TEXT(peeked("-cox", ""), "x");
	CHECK_TEXT(peeked("-o x --name=y", ""), "y");
	CHECK_TEXT(peeked("--name=", "name = z"), "");
	CHECK_TEXT(peeked("-o", ""), "(none)");
	CHECK_TEXT(peeked("-- -o x", ""), "(none)");
	CHECK_TEXT(peeked("-n -- -o x", ""), "x");
	CHECK_TEXT(peeked("-n -o x", ""), "(none)");
	CHECK_TEXT(peeked("--count -o x", ""), "(none)");
	CHECK_TEXT(peeked("a - -o x b", ""), "x");
	/* what may be left out takes no other word */
	CHECK_TEXT(peeked("--when -o x", ""), "x");
	/* rows that are not known yet, and what is wrong */
	CHECK_TEXT(peeked("--sugar 5 --heat=9 -o x", ""), "x");
	CHECK_TEXT(peeked("--sugar -5 -o x", ""), "x");
	CHECK_TEXT(peeked("-cZ --green=no --w -o x", ""), "x");

	CHECK_TEXT(peeked("", "count = 5\nname = z\n"), "z");
	CHECK_TEXT(peeked("", "name = y\nname = z\n"), "z");
	CHECK_TEXT(peeked("-o x", "name = z\n"), "x");
	CHECK_TEXT(peeked("", "sugar = 5\nnam = z\nheat = 5"), "z");
	CHECK_TEXT(peeked("", "#name = z\n"), "(none)");
}

static void
check_value(void)
{
	struct line line;
	char name[200];

	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	CHECK(parse(&line, "--count=-4 --weight=1e-7") == ML_OK);
	line.basket.name = name;
	CHECK(strstr(values(&line), name) != NULL);
	CHECK(strncmp(values(&line), "no no no no -4 0 1e-7 xxx", 25) == 0);
	CHECK(ml_opt_set_text(line.sets, 2, "heat", "250", &line.err) == ML_OK);
	CHECK(line.pie.heat == 250);
	CHECK(ml_opt_set_text(line.sets, 2, "heat", "hot", &line.err) == ML_EUSAGE);
	CHECK(line.basket_given[4] && line.basket_given[6] && !line.basket_given[5]);
	CHECK(!line.pie_given[1]);
}

typedef void print_sets(FILE *out, const struct ml_opt_set *sets, size_t n_sets);

static char *
printed_of(print_sets *print, const struct ml_opt_set *sets, size_t n_sets)
{
	static char text[8192];
	FILE *file = tmpfile();
	size_t n;

	print(file, sets, n_sets);
	rewind(file);
	n = fread(text, 1, sizeof text - 1, file);
	text[n] = '\0';
	fclose(file);
	return text;
}

static char *
printed(print_sets *print)
{
	struct line line;

	cut(&line, "");
	return printed_of(print, line.sets, 2);
}

/* A flag that is on is shown, and typed, as --no-NAME. */
static void
check_on(void)
{
	struct pot {
		bool lid;
	} pot = {false};
	static const struct ml_opt rows[] = {
	    ML_FLAG_YES("lid", struct pot, lid, "leave the lid off"), ML_OPT_LAST};
	struct ml_opt_set set = {NULL, rows, &pot, NULL};
	char name[] = "pot", option[] = "--no-lid", *argv[] = {name, option, NULL};
	struct ml_err err = {0};
	size_t operands;

	CHECK(ml_opt_defaults(&set, 1, &err) == ML_OK && pot.lid);
	CHECK(ml_opt_parse(&set, 1, 2, argv, &operands, &err) == ML_OK && !pot.lid);
	CHECK_TEXT(printed_of(ml_opt_help, &set, 1),
		   "\noptions:\n      --no-lid                 leave the lid off\n");
	CHECK_TEXT(printed_of(ml_opt_dump, &set, 1), "-\tno-lid\t\t\t\t\tleave the lid off\n");
}

static void
check_help(void)
{
	char *text = printed(ml_opt_help), *next = text, *line;

	CHECK(strncmp(text, "\noptions:\n  -c, --crisp", 22) == 0);
	CHECK(strstr(text, "\npie:\n      --sugar=g ") != NULL);
	CHECK(strstr(text, "-5..100, default 3") != NULL);
	CHECK(strstr(text, "-2..1000000, default 0.5") != NULL);
	CHECK(strstr(text, "also --how-many --amount") != NULL);
	CHECK(strstr(text, "one of: fail skip reject=") != NULL);
	CHECK(strstr(text, "default apple") != NULL);
	CHECK(strstr(text, "--when=[when]") != NULL);
	while ((line = strtok_r(next, "\n", &next)) != NULL)
		CHECK(strlen(line) < 80);
}

static void
check_dump(void)
{
	char *text = printed(ml_opt_dump), *next = text, *line;
	size_t n = 0;

	CHECK(strstr(text, "n\tcount\thow-many amount\tn\t3\t-5..100\thow many there are\n") !=
	      NULL);
	CHECK(strstr(text, "-\ton-error\t\thow\tfail\tfail skip reject=\twhat to do\n") != NULL);
	CHECK(strstr(text, "o\tname\t\ttext\t\t\twhat it is called\n") != NULL);
	while ((line = strtok_r(next, "\n", &next)) != NULL) {
		size_t tabs = 0;

		for (const char *p = line; *p != '\0'; p++)
			tabs += *p == '\t';
		CHECK(tabs == 6);
		n++;
	}
	CHECK(n ==
	      sizeof basket_rows / sizeof *basket_rows + sizeof pie_rows / sizeof *pie_rows - 2);
}

int
main(void)
{
	test_case("all forms of options and operands");
	check_all(forms);
	test_case("what is wrong is said");
	check_all(wrong);
	test_case("a file of settings; the command line wins");
	check_files();
	test_case("what is wrong in a file has its line");
	check_bad_files();
	test_case("an option is known before the others are");
	check_peek();
	test_case("values as they could be typed, and which were given");
	check_value();
	test_case("a flag that is on is shown as what turns it off");
	check_on();
	test_case("help fits the screen and says default and range");
	check_help();
	test_case("the list for scripts has seven fields");
	check_dump();
	return test_end();
}
