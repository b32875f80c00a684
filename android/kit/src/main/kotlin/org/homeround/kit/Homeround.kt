package org.homeround.kit

import java.time.LocalDate
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.distinctUntilChanged
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.withContext
import org.homeround.core.Day
import org.homeround.core.FormOffer
import org.homeround.core.Found
import org.homeround.core.HandedOver
import org.homeround.core.HandoverReason
import org.homeround.core.HttpTransport
import org.homeround.core.KeyVault
import org.homeround.core.MessageThread
import org.homeround.core.MyNumbers
import org.homeround.core.NewVisit
import org.homeround.core.NewVisitMade
import org.homeround.core.News
import org.homeround.core.Observer
import org.homeround.core.OpenConfig
import org.homeround.core.OrderOfDay
import org.homeround.core.OrderOptions
import org.homeround.core.PatientId
import org.homeround.core.PersonId
import org.homeround.core.PlanCounts
import org.homeround.core.PlanId
import org.homeround.core.PlanTemplate
import org.homeround.core.Subscription
import org.homeround.core.SurveyResults
import org.homeround.core.SyncState
import org.homeround.core.TokenException
import org.homeround.core.TokenSource
import org.homeround.core.VisitId
import org.homeround.core.Homeround as Core

/**
 * A phone: everything but its screen and its radio.
 *
 * Every `suspend` function runs off the caller's thread, and a write has returned only once it
 * is durable. A `Flow` emits now and again whenever what it shows has changed. Closing, killing,
 * locking and cancelling are safe at any point.
 */
class Homeround private constructor(private val core: Core, io: CoroutineDispatcher) : AutoCloseable {
    private val revisions = MutableStateFlow(0UL)
    private val worker = Worker(io, revisions)
    private val syncStates = MutableStateFlow<SyncState>(SyncState.Idle(synced = false))
    private val subscription: Subscription

    /** PIN, enrolment, locking, signing out. */
    val session: Session = Session(core.session(), worker)

    /** Getting every edit to the backend and everything else here. */
    val sync: Sync = Sync(core.sync(), syncStates.asStateFlow(), worker)

    init {
        subscription = core.observe(
            object : Observer {
                override fun changed(news: News) {
                    revisions.value = news.revision
                    news.syncState?.let { syncStates.value = it }
                }
            },
        )
    }

    /** The store's revision: grows with every change. */
    val revision: StateFlow<ULong> = revisions.asStateFlow()

    /** Which day it is where the phone works. */
    suspend fun today(): LocalDate = worker.run { LocalDate.parse(core.schedule().today()) }

    /** One's own visits of a day. */
    fun day(date: LocalDate): Flow<Day> = worker.live { core.schedule().day(date.toString()) }

    /** Everybody's visits of a day, as far as they are on this phone. */
    fun teamDay(date: LocalDate): Flow<Day> = worker.live { core.schedule().teamDay(date.toString()) }

    /**
     * When the visits of a day that are not over will be reached, from now on if it is today; with `suggest` in
     * the best order that is found. Ask again when it got late, or somewhere else. It changes nothing.
     *
     * @throws org.homeround.core.HomeroundException.Refused naming the option.
     */
    suspend fun orderOfDay(date: LocalDate, options: OrderOptions = OrderOptions()): OrderOfDay =
        worker.run { core.schedule().order(date.toString(), options) }

    /**
     * What one's own visits of these days came to, both days included, of what is on this phone.
     *
     * @throws org.homeround.core.HomeroundException.Refused on `until`: a day before [from], or more than 92 days.
     */
    fun myNumbers(from: LocalDate, until: LocalDate): Flow<MyNumbers> =
        worker.live { core.schedule().myNumbers(from.toString(), until.toString()) }

    /**
     * What patients said of the visits of these days, both days included, whoever made them, of what is on this
     * phone; in a language.
     *
     * @throws org.homeround.core.HomeroundException.Refused on `until`: a day before [from], or more than 92 days.
     */
    fun surveyResults(from: LocalDate, until: LocalDate, language: String): Flow<SurveyResults> =
        worker.live { core.schedule().surveyResults(from.toString(), until.toString(), language) }

    /**
     * Makes an unplanned visit for oneself, with or without signal; it can be worked on at once.
     *
     * @throws org.homeround.core.HomeroundException.Refused naming the field.
     */
    suspend fun newVisit(new: NewVisit): NewVisitMade = worker.run { core.schedule().newVisit(new) }

    /** Hands over what is left of one's own day to a colleague; answers the visits that went. */
    suspend fun handOverDay(date: LocalDate, to: PersonId, reason: HandoverReason, comment: String? = null): List<HandedOver> =
        worker.run { core.schedule().handOverDay(date.toString(), to, reason, comment) }

    /** A visit, for reading and for work. */
    fun visit(id: VisitId): Visit = Visit(core.visit(id), worker)

    /** A patient: demographics, team, timeline. */
    fun patient(id: PatientId): Patient = Patient(core.patient(id), core.chart(id), worker)

    /** A care plan. */
    fun plan(id: PlanId): Plan = Plan(core.plan(id), worker)

    /** The care plans of a patient on this phone, with what is due of the last four weeks and the next one. */
    fun carePlans(patient: PatientId): Flow<List<CarePlan>> =
        worker.live { Plan.look(core::plan, core.patient(patient).plans()) }

    /** How each care plan on this phone was kept to between two times, in milliseconds since 1970, at most 400 days apart. */
    suspend fun adherenceBetween(fromMs: Long, untilMs: Long): List<PlanCounts> =
        worker.run { core.adherenceBetween(fromMs, untilMs) }

    /** The templates that a care plan can be made from, in a language as `es`. */
    suspend fun planTemplates(language: String): List<PlanTemplate> = worker.run { core.planTemplates(language) }

    /** The forms that can be begun, in a language as `es`. */
    suspend fun forms(language: String): List<FormOffer> = worker.run { core.forms(language) }

    /** What is said within the team about each patient on this phone, in brief: what presses first. */
    val messageThreads: Flow<List<MessageThread>> get() = worker.live { core.messageThreads() }

    /** Searches patients and notes, without accents or case. */
    suspend fun search(words: String, limit: Int = 50): List<Found> = worker.run { core.search(words, limit.toUInt()) }

    /** Stops listening to the core. What is saved stays saved. */
    override fun close() {
        subscription.cancel()
        core.destroy()
    }

    companion object {
        /**
         * Opens a phone's folder, locked. [tokens] is asked for an access token when the network is
         * used; with `refresh`, a cached one will not do. [http]: the platform's own HTTP; none: the
         * core's.
         *
         * @throws org.homeround.core.HomeroundException.Refused naming the field of the config.
         */
        suspend fun open(
            config: OpenConfig,
            vault: KeyVault,
            tokens: suspend (refresh: Boolean) -> String,
            http: HttpTransport? = null,
            io: CoroutineDispatcher = Dispatchers.IO,
        ): Homeround = withContext(io) { Homeround(Core.open(config, vault, AskedFor(tokens), http), io) }
    }
}

/** Thrown by a token source when the person has to sign in. */
class SignInNeeded : Exception("sign in")

/** A shell's function as the core's trait: what it throws means that it can't be reached now. */
private class AskedFor(private val ask: suspend (Boolean) -> String) : TokenSource {
    override suspend fun token(refresh: Boolean): String = try {
        ask(refresh)
    } catch (_: SignInNeeded) {
        throw TokenException.SignIn()
    }
}

/** Runs calls of the core off the caller's thread, and reads again when something changed. */
internal class Worker(private val io: CoroutineDispatcher, private val revisions: StateFlow<ULong>) {
    suspend fun <T> run(block: () -> T): T = withContext(io) { block() }

    fun <T> live(read: () -> T): Flow<T> = revisions.map { run(read) }.distinctUntilChanged()
}
