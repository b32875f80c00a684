package org.homeround.kit

import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.nio.file.Files
import java.nio.file.Path
import java.time.Instant
import java.time.LocalDate
import java.time.LocalTime
import java.time.ZoneId
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicReference
import org.homeround.core.KeyVault
import org.homeround.core.OpenConfig
import org.homeround.core.SoftwareVault

/** A real server process with its encrypted store, its built-in issuer, and what its office does. */
class Backend private constructor(private val folder: Path?, joined: String?) : AutoCloseable {
    private val http: HttpClient = HttpClient.newHttpClient()
    private var process: Process? = null
    var url: String = ""
        private set

    init {
        if (folder == null) url = joined.orEmpty() else make(folder)
    }

    private fun make(folder: Path) {
        Files.writeString(
            folder.resolve("server.toml"),
            """
            [server]
            listen = "127.0.0.1:0"
            [database]
            path = "${folder.resolve("server.sqlite")}"
            key_file = "${folder.resolve("server.key")}"
            [auth]
            mode = "development"
            audience = "homeround"
            """.trimIndent(),
        )
        val made = server("init", "--tenant", TENANT, "--coordinator", COORDINATOR).start()
        check(made.waitFor() == 0) { "the server's store can't be made" }
        start()
    }

    private fun server(vararg arguments: String): ProcessBuilder {
        val program = Path.of(System.getProperty("homeround.bin"), "homeround-server").toString()
        val folder = checkNotNull(folder) { "another process's server" }
        val config = folder.resolve("server.toml").toString()
        return ProcessBuilder(listOf(program, arguments[0], "--config", config) + arguments.drop(1))
            .redirectError(ProcessBuilder.Redirect.appendTo(folder.resolve("server.log").toFile()))
    }

    /** Starts serving on a free port. */
    fun start() {
        val started = server("serve", "--development", "--print-address").start()
        process = started
        val line = started.inputReader().readLine() ?: error("the server said nothing")
        url = line.removePrefix("listening ").trim()
    }

    /** Stops serving: phones are offline from here on. */
    fun stop() {
        process?.destroy()
        process?.waitFor(60, TimeUnit.SECONDS)
        process = null
    }

    /** Copies the store of a backend that is stopped. */
    fun backUp(to: Path) {
        Files.createDirectories(to)
        stored().forEach { Files.copy(it, to.resolve(it.fileName)) }
    }

    /** Puts a copy back, as an operator does by hand: what lies beside the store and is in no backup stays. */
    fun putBack(from: Path) {
        val folder = checkNotNull(folder) { "another process's server" }
        stored().forEach(Files::delete)
        Files.list(from).use { files -> files.forEach { Files.copy(it, folder.resolve(it.fileName)) } }
    }

    private fun stored(): List<Path> = Files.list(checkNotNull(folder) { "another process's server" }).use { files ->
        files.filter { it.fileName.toString() in setOf("server.sqlite", "server.sqlite-wal") }.toList()
    }

    override fun close() {
        stop()
    }

    /** A token of the built-in issuer for this login. */
    fun token(login: String): String {
        val asked = """{"tenant":"$TENANT","login":"$login"}"""
        return field(call("POST", "/development/token", asked), "access_token")
    }

    /** Adds somebody to the directory. */
    fun hire(login: String, name: String, role: String): String =
        field(office("/v1/admin/people", """{"login":"$login","name":"$name","role":"$role"}"""), "person")

    /** Hands a FHIR bundle in. */
    fun import(bundle: String) {
        call("POST", "/v1/admin/import?time_zone=America%2FNew_York", bundle, token(COORDINATOR), "application/fhir+json")
    }

    /** Hands in a bundle of the fixtures. */
    fun importFixture(name: String) {
        import(Files.readString(Path.of(System.getProperty("homeround.root"), "tests/fixtures/fhir", name)))
    }

    /** Books a visit of today. */
    fun book(patient: String, people: List<String>, from: LocalTime, tasks: List<String> = listOf()): String {
        val start = LocalDate.now(ZONE).atTime(from).atZone(ZONE).toInstant().toEpochMilli()
        val listed = tasks.joinToString(",") { """{"title":"$it","required":true}""" }
        val assignees = people.joinToString(",") { "\"$it\"" }
        val booking = """{"patient":"$patient","assignees":[$assignees],"start_ms":$start,
            "end_ms":${start + 3_600_000},"service":{"text":"Skilled nursing"},
            "time_zone":"$ZONE","tasks":[$listed]}"""
        return field(office("/v1/admin/bookings", booking), "visit")
    }

    /** Turns a booked visit of today into a virtual one, with a link and the patient's number. */
    fun makeVirtual(site: Site, link: String, phone: String) {
        val start = LocalDate.now(ZONE).atTime(LocalTime.of(9, 0)).atZone(ZONE).toInstant().toEpochMilli()
        office(
            "/v1/admin/bookings",
            """{"visit":"${site.visit}","patient":"${site.patient}","assignees":["${site.nurse}","${site.therapist}"],"start_ms":$start,
            "end_ms":${start + 3_600_000},"service":{"text":"Skilled nursing"},"time_zone":"$ZONE",
            "virtual_visit":{"join_link":"$link","phone":"$phone"}}""",
        )
    }

    /** Books a visit of some minutes, to be made at any time between nine and three. */
    fun bookWindow(patient: String, people: List<String>, day: LocalDate, minutes: Int): String {
        val start = day.atTime(9, 0).atZone(ZONE).toInstant().toEpochMilli()
        val assignees = people.joinToString(",") { "\"$it\"" }
        val booking = """{"patient":"$patient","assignees":[$assignees],"start_ms":$start,
            "end_ms":${start + 6 * 3_600_000},"visit_minutes":$minutes,"service":{"text":"Skilled nursing"},
            "time_zone":"$ZONE"}"""
        return field(office("/v1/admin/bookings", booking), "visit")
    }

    /** The ids of the tenant's patients, by how they are called. */
    fun patientsByName(): Map<String, String> = NAMED.findAll(call("GET", "/v1/admin/patients", null, token(COORDINATOR)))
        .associate { it.groupValues[2] to it.groupValues[1] }

    /** The living patients of the tenant. */
    fun patients(): List<String> = LIVING.findAll(call("GET", "/v1/admin/patients", null, token(COORDINATOR)))
        .map { it.groupValues[1] }.toList()

    /** A tenant with the fixture's patients, a nurse `nina` and a therapist `theo`, and a visit of today by both. */
    fun day(): Site {
        importFixture("collection.json")
        val nurse = hire("nina", "Nina Alvarez", "nurse")
        val therapist = hire("theo", "Theo Lindqvist", "therapist")
        val patient = patients().first()
        val tasks = listOf("Change the dressing", "Weigh")
        return Site(patient, nurse, therapist, book(patient, listOf(nurse, therapist), LocalTime.of(9, 0), tasks))
    }

    /** Ends every access of a person to a patient. */
    fun endAccess(person: String, patient: String) {
        office("/v1/admin/grants/end", """{"person":"$person","patient":"$patient"}""")
    }

    private fun office(path: String, body: String): String = call("POST", path, body, token(COORDINATOR))

    private fun call(
        method: String,
        path: String,
        body: String?,
        token: String = "",
        type: String = "application/json",
    ): String {
        val sent = body?.let { HttpRequest.BodyPublishers.ofString(it) } ?: HttpRequest.BodyPublishers.noBody()
        val request = HttpRequest.newBuilder(URI.create(url + path)).method(method, sent).header("content-type", type)
        if (token.isNotEmpty()) request.header("authorization", "Bearer $token")
        val answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString())
        check(answer.statusCode() in 200..299) { "$method ${path.substringBefore('?')}: ${answer.statusCode()} ${answer.body()}" }
        return answer.body()
    }

    private fun field(json: String, name: String): String =
        Regex("\"$name\"\\s*:\\s*\"([^\"]+)\"").find(json)?.groupValues?.get(1) ?: error("no $name")

    companion object {
        const val TENANT = "willow-creek"
        const val COORDINATOR = "dana@willow.example"
        const val PIN = "402913"
        val ZONE: ZoneId = ZoneId.of("America/New_York")
        private val NAMED = Regex("\\{\"id\":\"([0-9a-f-]{36})\"[^}]*?\"name\":\"([^\"]+)\"")
        private val LIVING = Regex("\\{\"id\":\"([0-9a-f-]{36})\"[^}]*\"deceased\":false")

        /** A server of its own, in a folder. */
        fun inFolder(folder: Path): Backend = Backend(Files.createDirectories(folder), null)

        /** Another process's server. */
        fun at(url: String): Backend = Backend(null, url)
    }
}

/** Who and what a tenant of a test has. */
data class Site(val patient: String, val nurse: String, val therapist: String, val visit: String)

/** A phone on a folder of its own, and the token that it would get. */
class TestPhone(private val folder: Path, private val backend: Backend, private val login: String) {
    /** What the phone's sign-in answers; null: the person has to sign in. */
    val token = AtomicReference<suspend (Boolean) -> String> { backend.token(login) }

    fun config(url: String = backend.url): OpenConfig = OpenConfig(
        folder = folder.resolve("phone").toString(),
        backendUrl = url,
        deviceLabel = "Phone of $login",
        timeZone = "America/New_York",
    )

    fun vault(): KeyVault = SoftwareVault.open(folder.resolve("keys").toString())

    suspend fun open(vault: KeyVault = vault()): Homeround = Homeround.open(config(), vault, { token.get()(it) })

    /** Created, enrolled and synced. */
    suspend fun ready(vault: KeyVault = vault()): Homeround {
        val phone = open(vault)
        phone.session.create(Backend.PIN)
        phone.session.enrol()
        phone.sync.now()
        return phone
    }
}

/** Milliseconds since 1970. */
fun now(): Long = Instant.now().toEpochMilli()
