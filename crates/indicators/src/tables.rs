//! What is known by name: marks of defanging, suffixes, extensions, words beside a value. Data alone, nothing decides here.

/// What stands in brackets instead of a sign, and the sign.
pub(crate) const BRACKETED: &[(&[u8], &[u8])] = &[
    (b".", b"."),
    (b"dot", b"."),
    (b"d0t", b"."),
    (b"punkt", b"."),
    (b"punto", b"."),
    (b"point", b"."),
    (b",", b"."),
    (b"\\.", b"."),
    (b":", b":"),
    (b"colon", b":"),
    (b"://", b"://"),
    (b":/", b":/"),
    (b":\\\\", b"://"),
    (b"/", b"/"),
    (b"//", b"//"),
    (b"slash", b"/"),
    (b"?", b"?"),
    (b"@", b"@"),
    (b"at", b"@"),
    (b"a", b"@"),
    (b"http", b"http"),
    (b"https", b"https"),
    (b"hxxp", b"http"),
    (b"hxxps", b"https"),
    (b"www", b"www"),
];

/// The longest of [`BRACKETED`], with room for spaces around it.
pub(crate) const BRACKETED_MOST: usize = 8;

/// Characters that look like others, and what they stand for. Those that cannot be seen stand for nothing.
#[rustfmt::skip]
pub(crate) const LOOKALIKES: &[(char, &str)] = &[
    ('\u{00AD}', ""), ('\u{200B}', ""), ('\u{200C}', ""), ('\u{200D}', ""), ('\u{200E}', ""), ('\u{200F}', ""),
    ('\u{202A}', ""), ('\u{202C}', ""), ('\u{2060}', ""), ('\u{2061}', ""), ('\u{2062}', ""), ('\u{2063}', ""),
    ('\u{2064}', ""), ('\u{FEFF}', ""), ('\u{00A0}', " "), ('\u{2002}', " "), ('\u{2003}', " "), ('\u{2009}', " "),
    ('\u{202F}', " "), ('\u{3000}', " "), ('\u{2024}', "."), ('\u{3002}', "."), ('\u{FF61}', "."), ('\u{FE52}', "."),
    ('\u{0589}', ":"), ('\u{2236}', ":"), ('\u{A789}', ":"), ('\u{FE55}', ":"), ('\u{2044}', "/"), ('\u{2215}', "/"),
    ('\u{29F8}', "/"), ('\u{FE6B}', "@"), ('\u{2010}', "-"), ('\u{2011}', "-"), ('\u{2018}', "'"), ('\u{2019}', "'"),
    ('\u{201A}', "'"), ('\u{201C}', "\""), ('\u{201D}', "\""), ('\u{201E}', "\""), ('\u{00AB}', "\""),
    ('\u{00BB}', "\""), ('\u{2039}', "\""), ('\u{203A}', "\""), ('\u{300C}', "\""), ('\u{300D}', "\""),
    ('\u{2012}', " "), ('\u{2013}', " "), ('\u{2014}', " "), ('\u{2015}', " "), ('\u{2022}', " "), ('\u{2023}', " "),
    ('\u{25CF}', " "), ('\u{25AA}', " "), ('\u{2026}', " "), ('\u{2028}', "\n"), ('\u{2029}', "\n"),
    ('\u{2190}', " "), ('\u{2192}', " "), ('\u{21D2}', " "), ('\u{27A1}', " "), ('\u{3001}', ","), ('\u{3010}', " "),
    ('\u{3011}', " "), ('\u{FFFD}', " "),
];

/// Character references of HTML that hide a sign.
pub(crate) const ENTITIES: &[(&[u8], &[u8])] = &[
    (b"amp", b"&"),
    (b"lt", b"<"),
    (b"gt", b">"),
    (b"quot", b"\""),
    (b"apos", b"'"),
    (b"nbsp", b" "),
    (b"period", b"."),
    (b"colon", b":"),
    (b"sol", b"/"),
    (b"bsol", b"\\"),
    (b"commat", b"@"),
    (b"lowbar", b"_"),
    (b"hyphen", b"-"),
    (b"equals", b"="),
    (b"quest", b"?"),
    (b"num", b"#"),
    (b"shy", b""),
    (b"zwnj", b""),
    (b"ZeroWidthSpace", b""),
    (b"hellip", b" "),
    (b"ldquo", b"\""),
    (b"rdquo", b"\""),
    (b"laquo", b"\""),
    (b"raquo", b"\""),
    (b"ndash", b" "),
    (b"mdash", b" "),
];

/// How schemes are written, in small letters, and what they are. `*`, `_` and `x` are masks.
#[rustfmt::skip]
pub(crate) const SCHEMES: &[(&str, &str)] = &[
    ("http", "http"), ("https", "https"), ("hxxp", "http"), ("hxxps", "https"), ("htxp", "http"), ("htxps", "https"),
    ("hxtp", "http"), ("hxtps", "https"), ("hxp", "http"), ("hxps", "https"), ("h**p", "http"), ("h**ps", "https"),
    ("h__p", "http"), ("h__ps", "https"), ("hzzp", "http"), ("hzzps", "https"), ("hzzzp", "http"),
    ("hzzzps", "https"), ("httxp", "http"), ("hxxxp", "http"), ("hxxxps", "https"), ("hyyp", "http"),
    ("hyyps", "https"), ("http_", "http"), ("meow", "http"), ("meows", "https"), ("ttp", "http"), ("ttps", "https"),
    ("xxxp", "http"), ("xxxps", "https"), ("hhttp", "http"), ("htp", "http"), ("htps", "https"), ("httpx", "http"),
    ("ftp", "ftp"), ("ftps", "ftps"), ("fxp", "ftp"), ("fxps", "ftps"), ("fxxp", "ftp"), ("sftp", "sftp"),
    ("sxtp", "sftp"), ("tftp", "tftp"), ("ws", "ws"), ("wss", "wss"), ("wxs", "ws"), ("wxss", "wss"), ("tcp", "tcp"),
    ("txp", "tcp"), ("udp", "udp"), ("ssh", "ssh"), ("smb", "smb"), ("ldap", "ldap"), ("ldaps", "ldaps"),
    ("lxap", "ldap"), ("rmi", "rmi"), ("dns", "dns"), ("irc", "irc"), ("rdp", "rdp"), ("telnet", "telnet"),
    ("mongodb", "mongodb"), ("stratum+tcp", "stratum+tcp"), ("stratum+ssl", "stratum+ssl"), ("socks5", "socks5"),
    ("s3", "s3"), ("gs", "gs"), ("git", "git"), ("file", "file"), ("feed", "feed"), ("magnet", "magnet"),
    ("ms-appinstaller", "ms-appinstaller"), ("search-ms", "search-ms"),
];

/// The port that each scheme means anyway.
#[rustfmt::skip]
pub(crate) const DEFAULT_PORTS: &[(&str, u16)] = &[
    ("http", 80), ("https", 443), ("ftp", 21), ("ws", 80), ("wss", 443), ("ssh", 22),
];

/// Suffixes outside the public list that hosts do have.
#[rustfmt::skip]
pub(crate) const RESERVED_SUFFIXES: &[&str] = &[
    "example", "test", "invalid", "onion", "i2p", "internal", "local", "lan", "corp", "intranet", "home", "bit",
    "localdomain",
];

/// Public suffixes that are file extensions first: a bare name that ends so is taken to be a file.
#[rustfmt::skip]
pub(crate) const FILE_FIRST: &[&str] = &[
    "zip", "py", "sh", "pl", "rs", "md", "mov", "so", "ps", "cab", "pm", "java", "gz", "pub", "bz", "mm",
];

/// Extensions of what runs, carries what runs, or unpacks to it.
#[rustfmt::skip]
pub(crate) const EXECUTABLE: &[&str] = &[
    "exe", "dll", "sys", "scr", "cpl", "ocx", "drv", "efi", "pif", "bat", "cmd", "ps1", "psm1", "psd1", "vbs", "vbe",
    "js", "jse", "mjs", "wsf", "wsh", "wsc", "hta", "sct", "lnk", "url", "scf", "inf", "reg", "msi", "msp", "mst",
    "msix", "msixbundle", "appx", "appinstaller", "jar", "war", "class", "jnlp", "py", "pyc", "pyw", "pyz", "sh",
    "bash", "pl", "rb", "lua", "php", "phtml", "asp", "aspx", "ashx", "asmx", "jsp", "jspx", "cgi", "elf", "so", "ko",
    "dylib", "bin", "run", "out", "apk", "ipa", "xapk", "dmg", "pkg", "command", "scpt", "deb", "rpm", "appimage",
    "snap", "iso", "img", "vhd", "vhdx", "zip", "rar", "7z", "cab", "ace", "arj", "gz", "tgz", "xz", "z", "docm",
    "dotm", "xlsm", "xlam", "xltm", "xlsb", "xll", "pptm", "ppam", "potm", "sldm", "one", "chm", "hlp", "rdp",
    "library-ms", "settingcontent-ms", "search-ms", "theme", "diagcab", "ade", "mde", "vb", "vxd", "tmp", "dat",
    "kext", "xpi", "crx", "vsix", "nupkg", "whl", "gem", "tar", "swf", "osx", "mips", "x86", "arm", "arm7", "armv7l",
    "wasm",
];

/// Extensions that a plain word in a text often ends with without being a file of interest.
#[rustfmt::skip]
pub(crate) const DOUBTFUL_EXTENSION: &[&str] = &[
    "run", "out", "one", "command", "snap", "theme", "class", "gem", "z", "osx", "arm", "x86", "mips", "tmp", "dat",
    "url", "bin", "reg", "inf", "so", "img", "vb", "drv", "lua", "wasm",
];

/// Other extensions, of data: enough to know a file when one of the words for it stands beside.
#[rustfmt::skip]
pub(crate) const DATA_EXTENSION: &[&str] = &[
    "txt", "log", "pdf", "doc", "docx", "xls", "xlsx", "csv", "ppt", "pptx", "rtf", "odt", "ods", "htm", "html",
    "xml", "json", "yaml", "yml", "toml", "ini", "cfg", "conf", "png", "jpg", "jpeg", "gif", "svg", "ico", "bmp",
    "webp", "mp3", "mp4", "avi", "mkv", "eml", "msg", "pst", "ost", "bak", "old", "db", "sqlite", "sql", "css", "ts",
    "tsx", "jsx", "c", "h", "cpp", "hpp", "cs", "go", "rs", "md", "kt", "swift", "pem", "crt", "key", "cer", "p12",
    "pfx", "mdb", "accdb", "svchost", "tpl", "map", "lock", "service", "timer", "socket", "pid", "evtx", "etl", "dmp",
    "pcap", "pcapng", "yar", "yara",
];

/// Names in program code whose first part tells: what follows a dot is a member.
#[rustfmt::skip]
pub(crate) const CODE_ROOTS: &[&str] = &[
    "self", "this", "obj", "object", "item", "items", "elem", "element", "event", "evt", "ev", "req", "request",
    "res", "resp", "response", "config", "cfg", "conf", "data", "os", "sys", "args", "argv", "params", "options",
    "opts", "document", "window", "console", "math", "string", "node", "app", "module", "logger", "log", "logging",
    "ctx", "context", "user", "process", "path", "array", "list", "dict", "map", "result", "row", "entry", "system",
    "java", "javax", "android", "androidx", "kotlin", "scala", "sun", "np", "pd", "plt", "tf", "torch", "requests",
    "subprocess", "socket", "time", "datetime", "json", "re", "std", "fs", "http", "util", "utils", "state", "props",
    "form", "input", "output", "field", "model", "view", "file", "func", "function", "cls", "e", "i", "x", "s", "f",
    "d", "p", "n", "k", "v", "t", "r", "m", "c", "msg", "message", "err", "error", "kubernetes", "k8s", "env",
    "settings", "var", "vars", "session", "client", "server", "conn", "db", "cursor", "parser", "test", "expect",
    "jquery", "navigator", "location", "screen", "crypto", "buffer", "date", "number", "wscript", "activexobject",
    "shell", "win32", "microsoft", "windows", "kernel",
];

/// The same where more than one dot follows: names that no host begins with.
#[rustfmt::skip]
pub(crate) const OBJECTS: &[&str] = &[
    "self", "this", "process", "window", "document", "console", "navigator", "argv", "props", "ctx", "req", "obj", "evt",
    "sys",
];

/// First parts of package names, which are domains written backwards.
#[rustfmt::skip]
pub(crate) const PACKAGE_ROOTS: &[&str] = &[
    "com", "org", "net", "io", "edu", "gov", "java", "javax", "android", "androidx", "kotlin", "de", "fr", "uk",
    "dev", "system", "microsoft", "sun", "jdk", "scala", "akka", "ch", "me", "co", "app",
];

/// Product names that look like a domain.
#[rustfmt::skip]
pub(crate) const PRODUCTS: &[&str] = &[
    "asp.net", "ado.net", "vb.net", "node.js", "next.js", "vue.js", "react.js", "three.js", "d3.js", "socket.io",
    "ml.net", "paint.net", "log4j.properties", "express.js", "discord.py", "discord.js", "web.py", "moment.js",
    "chart.js", "nuxt.js", "ember.js", "backbone.js", "angular.js", "require.js", "j2ee.net", "protobuf.net",
    "json.net", "crypto.js",
];

/// Hosts of one letter that people do share links of.
pub(crate) const SHORTENERS: &[&str] = &[
    "t.me", "t.co", "t.ly", "s.id", "v.gd", "u.to", "n.pr", "q.gs", "x.gd", "g.co",
];

/// Words before a number with dots that make it a version.
#[rustfmt::skip]
pub(crate) const VERSION_WORDS: &[&str] = &[
    "version", "versions", "ver", "v", "build", "builds", "release", "releases", "rev", "revision", "firmware",
    "driver", "update", "patch", "hotfix", "upgrade", "upgraded", "package", "fileversion", "productversion",
    "file_version", "product_version", "sdk", "kernel", "runtime", "framework", "engine", "os", "android", "ios",
    "chrome", "firefox", "edge", "safari", "windows", "openssl", "python", "java", "agent_version", "client_version",
    "assembly", "assemblyversion", "appversion", "app_version", "exim", "foxmail", "thunderbird", "mailer",
];

/// Words before four small numbers that make them a version: what has a release may have an address as well.
#[rustfmt::skip]
pub(crate) const RELEASED_WORDS: &[&str] = &[
    "agent", "agents", "plugin", "library", "postfix", "sendmail", "openssh", "outlook", "chromium", "opera", "php", "ruby",
    "office", "wireshark",
];

/// Headers of mails and requests that name a program with its version.
pub(crate) const AGENT_HEADERS: &[&str] = &[
    "X-Mailer",
    "User-Agent",
    "X-MimeOLE",
    "X-Newsreader",
    "X-Powered-By",
];

/// Words before a number with dots that make it a place in a document.
#[rustfmt::skip]
pub(crate) const SECTION_WORDS: &[&str] = &[
    "section", "sections", "sec", "chapter", "clause", "paragraph", "para", "appendix", "annex", "figure", "fig",
    "table", "item", "step", "requirement", "control", "article", "subsection", "rule", "cis", "nist", "iso",
    "recommendation", "part", "page",
];

/// Words before a number with dots that make it an object identifier.
pub(crate) const OID_WORDS: &[&str] =
    &["oid", "oids", "snmp", "mib", "asn1", "asn.1", "sysobjectid"];

/// Words beside a hash that say it identifies a request, a commit or a session instead of a file.
#[rustfmt::skip]
pub(crate) const TRACE_WORDS: &[&str] = &[
    "trace", "traceid", "trace_id", "trace-id", "traceparent", "span", "spanid", "span_id", "request_id", "requestid",
    "request-id", "req_id", "reqid", "x-request-id", "correlation_id", "correlationid", "correlation-id", "session",
    "session_id", "sessionid", "sid", "token", "csrf", "csrftoken", "nonce", "etag", "commit", "git", "revision",
    "build", "build_id", "buildid", "build-id", "transaction_id", "txid", "tx", "message_id", "messageid", "message-id",
    "api_key", "apikey", "client_id", "tenant", "container", "containerid", "container_id", "digest_id", "cookie",
    "phpsessid", "jsessionid", "boundary", "uuid", "guid", "b3", "x-b3-traceid", "deployment_id", "merge", "parent",
    "tree", "object", "cache_key", "serial", "authenticity_token", "salt", "machine-id", "machine_id",
    "invocation_id", "boot_id", "nextcloud_id",
];

/// Words beside 32 hexadecimal digits, and which kind they make them.
#[rustfmt::skip]
pub(crate) const HASH_WORDS: &[(&str, crate::Kind)] = &[
    ("imphash", crate::Kind::Imphash), ("imp_hash", crate::Kind::Imphash), ("imp-hash", crate::Kind::Imphash),
    ("import_hash", crate::Kind::Imphash), ("importhash", crate::Kind::Imphash),
    ("pehash.imphash", crate::Kind::Imphash), ("ja3s", crate::Kind::Ja3s), ("ja3s_hash", crate::Kind::Ja3s),
    ("ja3s-hash", crate::Kind::Ja3s), ("ja3s_fingerprint", crate::Kind::Ja3s), ("ja3", crate::Kind::Ja3),
    ("ja3_hash", crate::Kind::Ja3), ("ja3-hash", crate::Kind::Ja3), ("ja3hash", crate::Kind::Ja3),
    ("ja3_digest", crate::Kind::Ja3), ("ja3_fingerprint", crate::Kind::Ja3), ("ja3-fingerprint", crate::Kind::Ja3),
];

/// Words beside a name with a dot that make it a domain whatever it ends with.
#[rustfmt::skip]
pub(crate) const DNS_WORDS: &[&str] = &[
    "domain", "domains", "dns", "query", "qname", "host", "hostname", "fqdn", "rrname", "server_name", "servername",
    "sni", "c2", "c&c", "cnc", "site", "website", "resolves", "resolved", "resolve", "nslookup", "dig", "ping",
    "whois", "nxdomain", "cname", "dest_host", "dsthost", "http_host", "cs-host", "cs_host", "tls.sni", "dns.query",
    "dns.rrname", "url", "visit", "query[a]", "query[aaaa]", "destination", "callback", "beacon", "beacons",
];

/// Words beside a name with a dot that make it a file.
#[rustfmt::skip]
pub(crate) const FILE_WORDS: &[&str] = &[
    "file", "files", "filename", "file_name", "file-name", "filenames", "named", "attachment", "attachments",
    "attached", "dropped", "drops", "drop", "payload", "script", "archive", "executable", "process", "image",
    "targetfilename", "originalfilename", "parentimage", "binary", "dll", "loader", "module", "document", "sample",
    "name", "created", "executes", "wrote", "writes", "deleted", "downloaded", "saved", "as", "renamed", "opened",
    "opens", "ran", "run", "runs", "launches",
];

/// Words before twelve digits that make them an AWS account.
#[rustfmt::skip]
pub(crate) const ACCOUNT_WORDS: &[&str] = &[
    "account", "accounts", "accountid", "account_id", "account-id", "aws", "aws_account", "aws_account_id",
    "aws-account", "recipientaccountid", "owner", "ownerid", "owner_id", "awsaccountid", "awsaccount",
    "aws_account_number", "accountnumber",
];

/// Words before a number that make it a telephone number.
#[rustfmt::skip]
pub(crate) const PHONE_WORDS: &[&str] = &[
    "phone", "phones", "tel", "telephone", "call", "mobile", "cell", "fax", "whatsapp", "sms", "dial", "number",
    "hotline", "helpline", "toll-free", "telefon", "tollfree", "ring", "called", "calling", "caller", "callback",
    "signal", "telegram", "contact",
];

/// Programs whose command lines tell something, without their extension.
#[rustfmt::skip]
pub(crate) const PROGRAMS: &[&str] = &[
    "cmd", "powershell", "pwsh", "rundll32", "regsvr32", "mshta", "wscript", "cscript", "certutil", "bitsadmin",
    "schtasks", "wmic", "reg", "sc", "net", "net1", "msiexec", "installutil", "regasm", "regsvcs", "msbuild",
    "forfiles", "vssadmin", "wbadmin", "bcdedit", "fodhelper", "psexec", "psexec64", "psexesvc", "curl", "wget", "nc",
    "ncat", "netsh", "nltest", "whoami", "procdump", "esentutl", "bash", "python", "python3", "perl", "node", "java",
    "svchost", "cmstp", "odbcconf", "wevtutil", "takeown", "icacls", "attrib", "at", "tasklist", "taskkill", "rclone",
    "plink", "ssh", "scp", "crontab", "chmod", "systemctl", "nohup", "conhost", "explorer", "ntdsutil", "dsquery",
    "adfind", "mavinject", "ftp", "hh", "control", "pcalua", "xwizard", "makecab", "expand", "extrac32",
];

/// Roots of file paths on Unix.
#[rustfmt::skip]
pub(crate) const UNIX_ROOTS: &[&str] = &[
    "tmp", "usr", "var", "etc", "home", "opt", "root", "bin", "sbin", "dev", "proc", "sys", "boot", "mnt", "media",
    "srv", "lib", "lib64", "run", "data", "storage", "sdcard", "system", "Library", "Users", "Applications", "System",
    "private", "Volumes", "cores",
];

/// Hives of the Windows registry: written short or long, and long.
#[rustfmt::skip]
pub(crate) const HIVES: &[(&str, &str)] = &[
    ("HKEY_LOCAL_MACHINE", "HKEY_LOCAL_MACHINE"), ("HKEY_CURRENT_USER", "HKEY_CURRENT_USER"),
    ("HKEY_CLASSES_ROOT", "HKEY_CLASSES_ROOT"), ("HKEY_USERS", "HKEY_USERS"),
    ("HKEY_CURRENT_CONFIG", "HKEY_CURRENT_CONFIG"), ("HKLM", "HKEY_LOCAL_MACHINE"), ("HKCU", "HKEY_CURRENT_USER"),
    ("HKCR", "HKEY_CLASSES_ROOT"), ("HKU", "HKEY_USERS"), ("HKCC", "HKEY_CURRENT_CONFIG"),
    ("\\REGISTRY\\MACHINE", "HKEY_LOCAL_MACHINE"), ("\\REGISTRY\\USER", "HKEY_USERS"),
    ("REGISTRY\\MACHINE", "HKEY_LOCAL_MACHINE"), ("REGISTRY\\USER", "HKEY_USERS"),
];
